// @vitest-environment node
// SPDX-License-Identifier: MIT
// On a server there is no page: rendering opens nothing, and what a browser makes of it is the same.
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import {
  useBookReady,
  usePipelineCompletion,
  useSubmissionUpdates,
  useWebSocket,
  useWebSocketSubscriptions,
  WebSocketProvider,
} from '../../src/react/index';
import { FakeWebSocket, fakeWorld } from '../support/fake';

fakeWorld();

function Everything() {
  const { connected, state } = useWebSocket();
  const { completedPipelines } = usePipelineCompletion();
  const { status, updates } = useSubmissionUpdates(1, 'T');
  useBookReady(() => undefined);
  useWebSocketSubscriptions({ notification: () => undefined });
  return <p>{[connected, state, completedPipelines.length, status, updates.length].join(' ')}</p>;
}

test.each([
  ['with a provider', (<WebSocketProvider token="T"><Everything /></WebSocketProvider>)],
  ['without one', (<Everything />)],
  ['with a token of the page', (<WebSocketProvider autoConnect={true}><Everything /></WebSocketProvider>)],
])('%s', async (_, node) => {
  expect('window' in globalThis).toBe(false);
  expect(renderToString(node)).toBe('<p>false disconnected 0 connecting 0</p>');
  await Promise.resolve();
  expect(FakeWebSocket.all).toHaveLength(0);
});
