// SPDX-License-Identifier: MIT
// What notifications say of batches, put together.
import type { TidingsMessage } from '../core/types.js';

export interface BatchState {
  status: 'processing' | 'completed' | 'failed';
  completedPhases: readonly string[];
  /** Once the pipeline came to its end. */
  stats?: {
    /** In seconds. */
    duration: number;
    successfulEssays: number;
    failedEssays: number;
  };
}

export type BatchStates = Readonly<Record<string, BatchState>>;

/** The batches longest without news go when there are more. */
const MOST = 200;

const NEW: BatchState = { status: 'processing', completedPhases: [] };

const withPhase = (state: BatchState, phase: string): BatchState => ({
  ...state,
  completedPhases: state.completedPhases.includes(phase) ? state.completedPhases : [...state.completedPhases, phase],
});

/** What a message changes of the batch that it is about; undefined where it is about none. */
function change(message: TidingsMessage): [batchId: string, apply: (before: BatchState) => BatchState] | undefined {
  if (message.event_type === 'batch.status.updated') {
    const { batch_id, status } = message;
    const known = status === 'completed' || status === 'failed' ? status : 'processing';
    return [batch_id, (before) => ({ ...before, status: known })];
  }
  switch (message.notification_type) {
    case 'batch_processing_started':
      // A batch may be run again.
      return [message.payload.batch_id, (before) => (before.status === 'processing' ? before : NEW)];
    case 'phase_skipped':
      return [message.payload.batch_id, (before) => withPhase(before, message.payload.phase_name)];
    case 'batch_spellcheck_completed':
      return [message.payload.batch_id, (before) => withPhase(before, 'spellcheck')];
    case 'batch_cj_assessment_completed':
      return [message.payload.batch_id, (before) => withPhase(before, 'cj_assessment')];
    case 'batch_pipeline_completed': {
      const { payload } = message;
      return [
        payload.batch_id,
        () => ({
          status: payload.final_status.startsWith('COMPLETED') ? 'completed' : 'failed',
          completedPhases: payload.completed_phases,
          stats: {
            duration: payload.processing_duration_seconds,
            successfulEssays: payload.successful_essay_count,
            failedEssays: payload.failed_essay_count,
          },
        }),
      ];
    }
  }
  return undefined;
}

/** The batches after a message, the same object where it says nothing of any. */
export function withMessage(states: BatchStates, message: TidingsMessage): BatchStates {
  const found = change(message);
  if (!found) return states;
  const [batchId, apply] = found;
  const others = Object.entries(states).filter(([id]) => id !== batchId);
  const before = Object.hasOwn(states, batchId) ? states[batchId]! : NEW;
  return Object.fromEntries([...others.slice(1 - MOST), [batchId, apply(before)]]);
}
