// SPDX-License-Identifier: MIT
// usePipelineCompletion: the batches whose pipeline came to its end while the component was there.
import { useEffect, useState } from 'react';
import type { TidingsConnection } from '../core/types.js';
import type { BatchPipelineCompletedMessage } from '../kinds.js';
import { useClient } from './client.js';

export interface PipelineStats {
  batchId: string;
  status: string;
  /** In seconds. */
  duration: number;
  successfulEssays: number;
  failedEssays: number;
  completedPhases: string[];
}

const statsOf = ({ payload }: BatchPipelineCompletedMessage): PipelineStats => ({
  batchId: payload.batch_id,
  status: payload.final_status,
  duration: payload.processing_duration_seconds,
  successfulEssays: payload.successful_essay_count,
  failedEssays: payload.failed_essay_count,
  completedPhases: payload.completed_phases,
});

/** Listens to `client`, or to the provider's. The oldest comes first. */
export function usePipelineCompletion(client?: TidingsConnection): { completedPipelines: PipelineStats[] } {
  const [completedPipelines, setCompletedPipelines] = useState<PipelineStats[]>([]);
  const provided = useClient();
  const source = client ?? provided;
  useEffect(
    () =>
      source.on('batch_pipeline_completed', (message) =>
        setCompletedPipelines((before) => [...before, statsOf(message)]),
      ),
    [source],
  );
  return { completedPipelines };
}
