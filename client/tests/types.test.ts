// SPDX-License-Identifier: MIT
// What must and what must not compile; `npm run types` is what judges. Nothing here is run.
import { test } from 'vitest';
import {
  getWebSocketClient,
  HuleEduWebSocketClient,
  SharedTidingsClient,
  SubmissionWatcher,
  TidingsClient,
  TidingsError,
  type BatchPipelineCompletedData,
  type TidingsConnection,
  type TidingsMessage,
} from '../src/index';

declare module '../src/index' {
  interface CustomKinds {
    invoice_paid: { type: 'invoice_paid'; amount: number };
  }
}

const wants = <T>(_value: T): void => undefined;

export function kindsNarrow(message: TidingsMessage): void {
  switch (message.notification_type) {
    case 'batch_files_uploaded':
      wants<number>(message.payload.files_uploaded);
      // @ts-expect-error that is another kind's
      message.payload.final_status;
      break;
    case 'batch_pipeline_completed':
      wants<string[]>(message.payload.completed_phases);
      break;
    case 'service_degraded':
      wants<string>(message.payload.message);
      break;
    // @ts-expect-error there is no such kind
    case 'batch_files_uploadet':
      break;
  }
  switch (message.type) {
    case 'ocr_progress':
      wants<number>(message.payload.progress);
      // @ts-expect-error may be missing
      wants<number>(message.payload.currentPage);
      break;
    case 'notification':
      wants<'info' | 'success' | 'warning' | 'error'>(message.payload.level);
      break;
    case 'complete':
      wants<number>(message.summary.passed);
      break;
    case 'invoice_paid':
      wants<number>(message.amount);
      break;
  }
  if (message.event === 'essay_slot_assigned') wants<string | null | undefined>(message.data.filename);
  if (message.event_type === 'batch.status.updated') wants<string>(message.batch_id);
}

export function handlersAreTyped(client: TidingsClient): void {
  client.on('connected', (event) => wants<boolean>(event.isReconnect));
  client.on('reconnecting', ({ attempt, delay }) => wants<number[]>([attempt, delay]));
  client.on('batch_cj_assessment_completed', (message) =>
    wants<number>(message.payload.average_content_score),
  );
  client.on('batch.status.updated', (message) => wants<string>(message.status));
  client.on('invoice_paid', (message) => wants<number>(message.amount));
  client.once('complete', (message) => wants<number>(message.summary.total_tests));
  client.on('error', (error) => {
    if (error instanceof TidingsError) wants<number | undefined>(error.retryAfterSeconds);
    else wants<string>(error.payload.code);
  });
  wants<() => void>(client.on('message', kindsNarrow));
  // @ts-expect-error there is no such event
  client.on('conected', () => undefined);
  // @ts-expect-error not what this kind's handlers get
  client.on('phase_skipped', (message: { payload: { bookId: string } }) => message);
  // @ts-expect-error a part of the message is not the message
  client.on('phase_skipped', (message) => message.batch_id);
  // @ts-expect-error nobody sets it
  client.state = 'connected';
}

export function optionsAreTyped(): TidingsConnection[] {
  // @ts-expect-error there is no default
  new TidingsClient({});
  // @ts-expect-error a misspelt option
  new TidingsClient({ url: '/ws', heartbeatIntervall: 1 });
  new TidingsClient({ url: '/ws', getToken: async () => null });
  getWebSocketClient({ reconnectInterval: 1 }).subscribe('ocr_progress', (payload) =>
    wants<number>(payload.progress),
  );
  // @ts-expect-error the payload, not the message
  getWebSocketClient().subscribe('ocr_progress', (message) => message.payload);
  const watcher = new SubmissionWatcher(1, 'T');
  watcher.onTestResult = (message) => wants<number>(message.duration_ms);
  const client = new HuleEduWebSocketClient('T', { maxReconnectAttempts: 5 });
  client.on('batch_pipeline_completed', (data: BatchPipelineCompletedData) =>
    wants<string>(data.payload.final_status),
  );
  return [client, new SharedTidingsClient({ url: '/ws', share: 'u1' })];
}

test('it compiles', () => undefined);
