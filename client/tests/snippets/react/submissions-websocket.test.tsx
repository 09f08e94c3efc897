// SPDX-License-Identifier: MIT
// The React code of submissions-websocket.md, as it stands there; and the hook of that name in its place.
import { useEffect, useState } from 'react';
import { expect, test, vi } from 'vitest';
import { useSubmissionUpdates as useSubmissionUpdatesOfPackage } from 'tidings-client/react';
import { FakeWebSocket } from '../../support/fake';
import { leave, mount, reactWorld, server } from '../../support/react';

reactWorld();

// "React Hook Example"
interface SubmissionUpdate {
  type: string;
  status?: string;
  test_name?: string;
  summary?: object;
}

function useSubmissionUpdates(submissionId: number, token: string) {
  const [updates, setUpdates] = useState<SubmissionUpdate[]>([]);
  const [status, setStatus] = useState<string>('connecting');

  useEffect(() => {
    const ws = new WebSocket(
      `${import.meta.env.VITE_WS_URL}/ws/submissions/${submissionId}?token=${token}`
    );

    ws.onopen = () => setStatus('connected');
    ws.onclose = () => setStatus('disconnected');
    ws.onerror = () => setStatus('error');

    ws.onmessage = (event) => {
      const message = JSON.parse(event.data);
      setUpdates(prev => [...prev, message]);

      if (message.type === 'complete') {
        ws.close();
      }
    };

    return () => ws.close();
  }, [submissionId, token]);

  return { updates, status };
}

const messages = [
  { type: 'status_update', submission_id: 123, status: 'testing', timestamp: '2024-01-15T10:38:00Z' },
  { type: 'test_result', submission_id: 123, test_name: 'Leader Election', status: 'passed', duration_ms: 1250, timestamp: '2024-01-15T10:40:00Z' },
  { type: 'complete', submission_id: 123, final_status: 'passed', summary: { total_tests: 10 }, timestamp: '2024-01-15T10:45:00Z' },
];

test.each([
  ['"React Hook Example"', useSubmissionUpdates, 'ws://localhost:8080'],
  // Without a url it is the page's own origin.
  ['the hook of the package says the same', useSubmissionUpdatesOfPackage, 'ws://localhost:3000'],
])('%s', async (_, useIt, origin) => {
  vi.stubEnv('VITE_WS_URL', origin);
  const Component = () => {
    const { updates, status } = useIt(123, 'token');
    return <p>{JSON.stringify({ updates, status })}</p>;
  };
  const page = await mount(<Component />);
  const shown = () => JSON.parse(page.text());
  expect(FakeWebSocket.all.map(({ url }) => url)).toEqual([`${origin}/ws/submissions/123?token=token`]);
  expect(shown()).toEqual({ updates: [], status: 'connecting' });
  await server.opens();
  await server.says(messages[0], messages[1]);
  expect(shown()).toEqual({ updates: messages.slice(0, 2), status: 'connected' });
  await server.says(messages[2]);
  expect(FakeWebSocket.alive).toHaveLength(0);
  if (FakeWebSocket.last.isWatched) await server.ends(1000);
  expect(shown()).toEqual({ updates: messages, status: 'disconnected' });
  await leave();
});
