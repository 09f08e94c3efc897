// SPDX-License-Identifier: MIT
// huleedu-websocket-api.md, "Svelte 5 Reactive Integration", as it stands there but for its imports (the one of `writable` is
// not used), and for the types of the two that it leaves to readers.
import type { BatchPipelineCompletedData } from 'tidings-client';

interface BatchState {
  status: 'processing' | 'completed' | 'failed';
  completedPhases: string[];
  stats?: {
    duration: number;
    successfulEssays: number;
    failedEssays: number;
  };
}

export const batchStates = $state<Record<string, BatchState>>({});

// WebSocket event handler
export function handlePipelineCompleted(event: BatchPipelineCompletedData) {
  const batchId = event.payload.batch_id;
  
  batchStates[batchId] = {
    status: event.payload.final_status === 'COMPLETED_SUCCESSFULLY' ? 'completed' : 'failed',
    completedPhases: event.payload.completed_phases,
    stats: {
      duration: event.payload.processing_duration_seconds,
      successfulEssays: event.payload.successful_essay_count,
      failedEssays: event.payload.failed_essay_count,
    }
  };
}
