// SPDX-License-Identifier: MIT
// The React code of huleedu-websocket-api.md, as it stands there but for its imports; and the hook of that name in its place.
import { useEffect, useState } from 'react';
import { expect, test, vi } from 'vitest';
import type { BatchPipelineCompletedData } from 'tidings-client';
import { usePipelineCompletion as usePipelineCompletionOfPackage, WebSocketProvider } from 'tidings-client/react';
import { handlersOf, leave, mount, reactWorld, server } from '../../support/react';
import { wsClient } from './services/websocket';

reactWorld();

const toast = { success: vi.fn(), warning: vi.fn() };

// "React Integration Example"
interface PipelineStats {
  batchId: string;
  status: string;
  duration: number;
  successfulEssays: number;
  failedEssays: number;
  completedPhases: string[];
}

function usePipelineCompletion() {
  const [completedPipelines, setCompletedPipelines] = useState<PipelineStats[]>([]);
  
  useEffect(() => {
    const handleCompletion = (data: BatchPipelineCompletedData) => {
      const stats: PipelineStats = {
        batchId: data.payload.batch_id,
        status: data.payload.final_status,
        duration: data.payload.processing_duration_seconds,
        successfulEssays: data.payload.successful_essay_count,
        failedEssays: data.payload.failed_essay_count,
        completedPhases: data.payload.completed_phases,
      };
      
      setCompletedPipelines(prev => [...prev, stats]);
      
      // Show user notification
      if (data.payload.final_status === 'COMPLETED_SUCCESSFULLY') {
        toast.success(`Pipeline completed successfully for batch ${data.payload.batch_id}`);
      } else {
        toast.warning(`Pipeline completed with issues for batch ${data.payload.batch_id}`);
      }
    };
    
    wsClient.on('batch_pipeline_completed', handleCompletion);
    
    return () => {
      wsClient.off('batch_pipeline_completed', handleCompletion);
    };
  }, []);
  
  return { completedPipelines };
}

const completed = (batch_id: string, final_status: string) => ({
  notification_type: 'batch_pipeline_completed',
  payload: {
    batch_id,
    completed_phases: ['spellcheck', 'cj_assessment'],
    final_status,
    processing_duration_seconds: 1800.5,
    successful_essay_count: 15,
    failed_essay_count: 0,
  },
});

const stats = (batchId: string, status: string): PipelineStats => ({
  batchId,
  status,
  duration: 1800.5,
  successfulEssays: 15,
  failedEssays: 0,
  completedPhases: ['spellcheck', 'cj_assessment'],
});

test('"React Integration Example"', async () => {
  const Component = () => <p>{JSON.stringify(usePipelineCompletion().completedPipelines)}</p>;
  wsClient.connect();
  const page = await mount(<Component />);
  await server.opens();
  await server.says(completed('b1', 'COMPLETED_SUCCESSFULLY'), completed('b2', 'COMPLETED_WITH_FAILURES'));
  expect(JSON.parse(page.text())).toEqual([stats('b1', 'COMPLETED_SUCCESSFULLY'), stats('b2', 'COMPLETED_WITH_FAILURES')]);
  expect(toast.success.mock.calls).toEqual([['Pipeline completed successfully for batch b1']]);
  expect(toast.warning.mock.calls).toEqual([['Pipeline completed with issues for batch b2']]);
  await leave();
  expect(handlersOf(wsClient)).toBe(0);
  wsClient.disconnect();
});

test('the hook of the package says the same', async () => {
  const Component = () => <p>{JSON.stringify(usePipelineCompletionOfPackage().completedPipelines)}</p>;
  const page = await mount(<WebSocketProvider url="ws://localhost:8080/ws" token="T"><Component /></WebSocketProvider>);
  await server.opens();
  await server.says(completed('b1', 'COMPLETED_SUCCESSFULLY'), completed('b2', 'COMPLETED_WITH_FAILURES'));
  expect(JSON.parse(page.text())).toEqual([stats('b1', 'COMPLETED_SUCCESSFULLY'), stats('b2', 'COMPLETED_WITH_FAILURES')]);
});
