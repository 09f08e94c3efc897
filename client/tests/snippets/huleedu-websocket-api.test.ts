// SPDX-License-Identifier: MIT
// The front-end code of huleedu-websocket-api.md, as it stands there: only the import and the URL are ours.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  HuleEduWebSocketClient,
  PipelineCompletionHandler,
  ReconnectionManager,
  type BatchPipelineCompletedData,
} from '../../src/index';
import { FakeWebSocket, fakeWorld, settle } from '../support/fake';

const completed = {
  notification_type: 'batch_pipeline_completed',
  timestamp: '2024-01-15T13:00:00Z',
  payload: {
    batch_id: 'batch_123',
    completed_phases: ['spellcheck', 'cj_assessment'],
    final_status: 'COMPLETED_SUCCESSFULLY',
    processing_duration_seconds: 1800.5,
  },
};

describe('on a fake clock', () => {
  fakeWorld();

  test('"Connection Lifecycle"', () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const token = 'your-jwt-token-here';
    const handleNotification = vi.fn();

    const wsClient = new HuleEduWebSocketClient(token, {
      maxReconnectAttempts: 5,
      reconnectDelay: 1000,
      heartbeatInterval: 30000
    });

    wsClient.on('connected', () => console.log('Connected'));
    wsClient.on('message', handleNotification);
    wsClient.connect();

    FakeWebSocket.last.open().says(completed);
    expect(FakeWebSocket.last.url).toBe('ws://localhost:8080/ws?token=your-jwt-token-here');
    expect(console.log).toHaveBeenCalledWith('Connected');
    expect(handleNotification).toHaveBeenCalledWith(completed);
  });

  test('"Reconnection Strategy": ours is that class', () => {
    class Documented {
      maxAttempts: number; baseDelay: number; maxDelay: number; jitterFactor: number; attempts: number;
      constructor(options: any = {}) {
        this.maxAttempts = options.maxAttempts || 5;
        this.baseDelay = options.baseDelay || 1000;
        this.maxDelay = options.maxDelay || 30000;
        this.jitterFactor = options.jitterFactor || 0.1;
        this.attempts = 0;
      }

      getNextDelay() {
        if (this.attempts >= this.maxAttempts) {
          return null; // No more attempts
        }

        const exponentialDelay = this.baseDelay * Math.pow(2, this.attempts);
        const cappedDelay = Math.min(exponentialDelay, this.maxDelay);
        const jitter = cappedDelay * this.jitterFactor * Math.random();

        this.attempts++;
        return cappedDelay + jitter;
      }

      reset() {
        this.attempts = 0;
      }
    }
    for (const options of [undefined, { maxAttempts: 9, baseDelay: 300, maxDelay: 7000, jitterFactor: 0.4 }]) {
      const [theirs, ours] = [new Documented(options), new ReconnectionManager(options)];
      for (let round = 0; round < 2; round++) {
        for (let i = 0; i < 11; i++) expect(ours.getNextDelay()).toBe(theirs.getNextDelay());
        expect({ ...ours }).toEqual({ ...theirs });
        theirs.reset();
        ours.reset();
      }
    }
  });

  test('"Basic Pipeline Completion Handling"', () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const [updateBatchStatus, showCompletionNotification, enableResultsDownload, updateProgressIndicator] = [
      vi.fn(), vi.fn(), vi.fn(), vi.fn(),
    ];
    const wsClient = new HuleEduWebSocketClient('token');

    // Subscribe to pipeline completion events
    wsClient.on('batch_pipeline_completed', (data) => {
      console.log(`Pipeline completed for batch ${data.payload.batch_id}`);
      console.log(`Status: ${data.payload.final_status}`);
      console.log(`Duration: ${data.payload.processing_duration_seconds}s`);

      // Update UI state
      updateBatchStatus(data.payload.batch_id, 'completed');
      showCompletionNotification(data.payload);
      enableResultsDownload(data.payload.batch_id);
    });

    // Handle phase skipping for optimization transparency
    wsClient.on('phase_skipped', (data) => {
      console.log(`Phase ${data.payload.phase_name} skipped for batch ${data.payload.batch_id}`);
      console.log(`Reason: ${data.payload.skip_reason}`);

      // Update progress indicator
      updateProgressIndicator(data.payload.batch_id, data.payload.phase_name, 'skipped');
    });

    wsClient.connect();
    FakeWebSocket.last
      .open()
      .says(completed)
      .says({ notification_type: 'phase_skipped', payload: { batch_id: 'b', phase_name: 'spellcheck', skip_reason: 'r' } });
    expect(updateBatchStatus).toHaveBeenCalledWith('batch_123', 'completed');
    expect(showCompletionNotification).toHaveBeenCalledWith(completed.payload);
    expect(enableResultsDownload).toHaveBeenCalledWith('batch_123');
    expect(updateProgressIndicator).toHaveBeenCalledWith('b', 'spellcheck', 'skipped');
  });

  test('"Error Handling and Edge Cases": the class that the document writes out is imported, its open ends overridden', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const calls: unknown[][] = [];
    class Handler extends PipelineCompletionHandler {
      override updateBatchResults(data: BatchPipelineCompletedData) { calls.push(['results', data]); }
      override notifyUser(data: BatchPipelineCompletedData) { calls.push(['notify', data]); }
      override enableDownloads(batchId: string) { calls.push(['downloads', batchId]); }
      override handleMissedCompletion(batchId: string, status: any) { calls.push(['missed', batchId, status.details.status]); }
    }
    vi.stubGlobal('fetch', vi.fn(async () => Response.json({ details: { status: 'completed' } })));
    const handler = new Handler({ token: 'T' });
    const wsClient = new HuleEduWebSocketClient('token');
    wsClient.on('batch_processing_started', (data) => handler.handlePipelineStarted(data.payload.batch_id));
    wsClient.on('batch_pipeline_completed', (data) => handler.handlePipelineCompleted(data));
    wsClient.connect();
    const socket = FakeWebSocket.last.open();
    for (const batch_id of ['batch_123', 'lost']) {
      socket.says({ notification_type: 'batch_processing_started', payload: { batch_id } });
    }
    socket.says(completed);
    wsClient.disconnect();
    await vi.advanceTimersByTimeAsync(30 * 60 * 1000);
    await settle();
    expect(calls).toEqual([
      ['results', completed],
      ['notify', completed],
      ['downloads', 'batch_123'],
      ['missed', 'lost', 'completed'],
    ]);
    expect(fetch).toHaveBeenCalledExactlyOnceWith('/api/v1/batches/lost/status', { headers: { Authorization: 'Bearer T' } });
  });
});

describe('"Automated Testing"', () => {
  const jest = vi;
  let mockWebSocket: any;
  let client: any;

  beforeEach(() => {
    mockWebSocket = {
      send: jest.fn(),
      close: jest.fn(),
      addEventListener: jest.fn(),
      removeEventListener: jest.fn()
    };

    (global as any).WebSocket = jest.fn(() => mockWebSocket);
    client = new HuleEduWebSocketClient('test-token');
  });
  afterEach(() => client.disconnect());

  test('should handle connection events', () => {
    const connectHandler = jest.fn();
    client.on('connected', connectHandler);

    client.connect();

    // Simulate connection open
    mockWebSocket.onopen({ type: 'open' });

    expect(connectHandler).toHaveBeenCalled();
  });

  // The document expects the payload and calls onmessage before connect(); all its other handlers get the whole message.
  test('should handle message parsing: the exception', () => {
    const messageHandler = jest.fn();
    client.on('batch_files_uploaded', messageHandler);
    client.connect();

    const testMessage = {
      notification_type: 'batch_files_uploaded',
      payload: { batch_id: 'test-batch' }
    };

    // Simulate message receipt
    mockWebSocket.onmessage({
      data: JSON.stringify(testMessage)
    });

    expect(messageHandler).toHaveBeenCalledWith(testMessage);
  });
});
