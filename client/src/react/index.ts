'use client';
// SPDX-License-Identifier: MIT
// tidings-client/react: the connection as a provider and hooks, for React 18 and later.
export { useWebSocket, type WebSocketControl } from './connection.js';
export {
  useBookReady,
  useErrorNotification,
  useLearningUpdate,
  useNotification,
  useOCRProgress,
  useReviewReminder,
  useWebSocketSubscription,
  useWebSocketSubscriptions,
  type PayloadHandler,
  type Subscriptions,
} from './messages.js';
export { usePipelineCompletion, type PipelineStats } from './pipeline.js';
export { WebSocketProvider, type WebSocketProviderProps } from './provider.js';
export { useSubmissionUpdates, type SubmissionState, type SubmissionStatus, type SubmissionUpdate } from './submission.js';
