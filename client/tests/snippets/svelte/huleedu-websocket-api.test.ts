// SPDX-License-Identifier: MIT
// The Svelte code of huleedu-websocket-api.md: its own, and what the package has in its place.
import { flushSync, mount, unmount } from 'svelte';
import { expect, test, vi } from 'vitest';
import { wsManager } from 'tidings-client/svelte';
import { FakeWebSocket, fakeWorld } from '../../support/fake';
import { batchStates, handlePipelineCompleted } from './batch.svelte';
import Framework from './Framework.svelte';

fakeWorld();

const completed = {
  notification_type: 'batch_pipeline_completed',
  payload: {
    batch_id: 'batch_123',
    completed_phases: ['spellcheck', 'cj_assessment'],
    final_status: 'COMPLETED_SUCCESSFULLY',
    processing_duration_seconds: 1800.5,
    successful_essay_count: 15,
    failed_essay_count: 0,
  },
};

test('"Framework Integration"', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const component = mount(Framework, { target: document.body });
  flushSync();
  wsManager.connect({ url: 'ws://localhost:8080', token: 'token' });
  FakeWebSocket.last.open();
  flushSync();
  FakeWebSocket.last.says(completed);
  flushSync();
  const said = (isConnected: boolean, count: number) => [
    ['Connection status:', isConnected],
    ['Notifications:', count],
  ];
  expect(log.mock.calls).toEqual([...said(false, 0), ...said(true, 0), ...said(true, 1)]);
  await unmount(component);
  wsManager.disconnect();
  expect(vi.getTimerCount()).toBe(0);
});

test('"Svelte 5 Reactive Integration", and batchStates of the package', () => {
  const stop = wsManager.on('batch_pipeline_completed', handlePipelineCompleted);
  wsManager.connect({ url: 'ws://localhost:8080', token: 'token' });
  FakeWebSocket.last.open().says(completed);
  expect(batchStates).toEqual({
    batch_123: {
      status: 'completed',
      completedPhases: ['spellcheck', 'cj_assessment'],
      stats: { duration: 1800.5, successfulEssays: 15, failedEssays: 0 },
    },
  });
  expect(wsManager.batchStates).toEqual(batchStates);
  stop();
  wsManager.disconnect();
});
