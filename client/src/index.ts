// SPDX-License-Identifier: MIT
// tidings-client: everything that needs no framework.
import type { BatchPipelineCompletedMessage } from './kinds.js';

export { TidingsClient } from './core/client.js';
export { TidingsError, type TidingsErrorCode, type TidingsErrorDetails } from './core/errors.js';
export { kindOf, payloadOf } from './core/kind.js';
export type * from './core/types.js';
export {
  getWebSocketClient,
  HaiLanGoWebSocketClient,
  type WebSocketClientConfig,
} from './helpers/hailango.js';
export { HuleEduWebSocketClient, type HuleEduOptions } from './helpers/huleedu.js';
export { PipelineCompletionHandler, type BatchStatus, type PipelineOptions } from './helpers/pipeline.js';
export { ReconnectionManager, type ReconnectionOptions } from './helpers/reconnection.js';
export { connectWithRetry, RetryingWebSocket, type RetryOptions } from './helpers/retry.js';
export { SubmissionWatcher, type SubmissionOptions } from './helpers/submission.js';
export type * from './kinds.js';
export { SharedTidingsClient, type SharedTidingsOptions } from './share/shared.js';
/** HuleEdu's name for the message. */
export type BatchPipelineCompletedData = BatchPipelineCompletedMessage;
