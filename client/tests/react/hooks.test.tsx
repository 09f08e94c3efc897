// SPDX-License-Identifier: MIT
// The hooks: what handlers get, which of them is called, and what unmounting leaves.
import { StrictMode, useState } from 'react';
import { expect, test, vi } from 'vitest';
import { getWebSocketClient, HuleEduWebSocketClient, TidingsClient } from '../../src/index';
import {
  useBookReady,
  useErrorNotification,
  useLearningUpdate,
  useNotification,
  useOCRProgress,
  usePipelineCompletion,
  useReviewReminder,
  useWebSocket,
  useWebSocketSubscription,
  useWebSocketSubscriptions,
  WebSocketProvider,
} from '../../src/react/index';
import { FakeWebSocket } from '../support/fake';
import { expectNothingLeft, handlersOf, leave, mount, reactWorld, server } from '../support/react';

reactWorld();

const URL = 'ws://server.test/api/v1/ws';
const page = (children: React.ReactNode) => mount(<WebSocketProvider url={URL} token="a">{children}</WebSocketProvider>);

test.each([
  ['ocr_progress', useOCRProgress],
  ['book_ready', useBookReady],
  ['review_reminder', useReviewReminder],
  ['learning_update', useLearningUpdate],
  ['notification', useNotification],
  ['error', useErrorNotification],
] as const)('%s hands over the payload', async (type, useIt) => {
  const handler = vi.fn();
  const Component = () => (useIt(handler), null);
  await page(<Component />);
  await server.opens();
  await server.says({ type, payload: { a: 1 }, timestamp: '2026-01-31T09:00:00Z' });
  await server.says({ type: 'other', payload: { a: 2 } });
  expect(handler.mock.calls).toEqual([[{ a: 1 }]]);
});

test('useErrorNotification does not hear of the connection’s own errors', async () => {
  const handler = vi.fn();
  const Component = () => (useErrorNotification(handler), null);
  await page(<Component />);
  await server.ends();
  expect(handler).not.toHaveBeenCalled();
});

test('the handler is the one of the last render, and none is added for it', async () => {
  const seen: number[] = [];
  const client = new TidingsClient({ url: URL });
  function Component({ count }: { count: number }) {
    useWebSocketSubscription('notification', () => seen.push(count));
    useWebSocketSubscriptions({ book_ready: () => seen.push(count + 0.5) });
    return null;
  }
  const shown = (count: number) => <WebSocketProvider client={client}><Component count={count} /></WebSocketProvider>;
  const { show } = await mount(shown(1));
  await server.opens();
  const on = vi.spyOn(client, 'on');
  await show(shown(2));
  await show(shown(3));
  await server.says({ type: 'notification', payload: {} });
  await server.says({ type: 'book_ready', payload: {} });
  expect(seen).toEqual([3, 3.5]);
  expect(on).not.toHaveBeenCalled();
});

test('subscriptions come and go by kind', async () => {
  const seen: string[] = [];
  const tell = (what: string) => () => seen.push(what);
  const Component = ({ both }: { both: boolean }) => {
    useWebSocketSubscriptions({ notification: tell('notification'), ...(both && { book_ready: tell('book_ready') }) });
    return null;
  };
  const shown = (both: boolean) => <WebSocketProvider url={URL} token="a"><Component both={both} /></WebSocketProvider>;
  const { show } = await mount(shown(false));
  await server.opens();
  await server.says({ type: 'book_ready', payload: {} });
  await show(shown(true));
  await server.says({ type: 'book_ready', payload: {} });
  await show(shown(false));
  await server.says({ type: 'book_ready', payload: {} });
  await server.says({ type: 'notification', payload: {} });
  expect(seen).toEqual(['book_ready', 'notification']);
});

test('useWebSocket: the functions stay the same, and work taken apart', async () => {
  const seen = new Set<unknown>();
  const Component = () => {
    const { subscribe, connect, disconnect, send, state } = useWebSocket();
    [subscribe, connect, disconnect, send].forEach((one) => seen.add(one));
    return <button onClick={() => send({ a: 1 })}>{state}</button>;
  };
  const shown = await page(<Component />);
  await server.opens();
  await shown.click('connected');
  expect(FakeWebSocket.last.sent).toEqual(['{"a":1}']);
  expect(seen.size).toBe(4);
});

function Manual({ name }: { name: string }) {
  const { connected, connect, disconnect } = useWebSocket();
  return (
    <div>
      <button onClick={() => connect('T')}>{`connect ${name}`}</button>
      <button onClick={disconnect}>{`disconnect ${name}`}</button>
      <p>{`${name} ${connected}`}</p>
    </div>
  );
}

test('without a provider: the page’s own connection, until nobody uses it', async () => {
  getWebSocketClient({ url: URL });
  const Both = ({ isFirst }: { isFirst: boolean }) => (isFirst ? <Manual key="a" name="a" /> : <Manual key="b" name="b" />);
  const shown = await mount(<StrictMode><Both isFirst /></StrictMode>);
  expect(FakeWebSocket.all).toHaveLength(0);
  await shown.click('connect a');
  expect(FakeWebSocket.all.map(({ url }) => url)).toEqual([`${URL}?token=T`]);
  await server.opens();
  expect(shown.text()).toContain('a true');
  // One takes the other's place.
  await shown.show(<StrictMode><Both isFirst={false} /></StrictMode>);
  expect(shown.text()).toContain('b true');
  expect(FakeWebSocket.alive).toHaveLength(1);
  await shown.click('disconnect b');
  expect(shown.text()).toContain('b false');
  await shown.click('connect b');
  await leave();
  expectNothingLeft();
});

test('without a provider: what the application opened itself is left to it', async () => {
  const client = getWebSocketClient({ url: URL });
  client.connect('T');
  const handler = vi.fn();
  const Component = () => (useNotification(handler), null);
  await mount(<Component />);
  await server.opens();
  await server.says({ type: 'notification', payload: { title: 'x' } });
  expect(handler.mock.calls).toEqual([[{ title: 'x' }]]);
  await leave();
  expect(client.state).toBe('connected');
  client.disconnect();
  expectNothingLeft();
});

const completed = (batch_id: string) => ({
  notification_type: 'batch_pipeline_completed',
  payload: {
    batch_id,
    completed_phases: ['spellcheck'],
    final_status: 'COMPLETED_SUCCESSFULLY',
    processing_duration_seconds: 1.5,
    successful_essay_count: 2,
    failed_essay_count: 0,
  },
});

test('usePipelineCompletion: the provider’s client, or the one given', async () => {
  const own = new HuleEduWebSocketClient('own', { url: 'ws://own.test' });
  const Component = ({ given }: { given?: HuleEduWebSocketClient }) => {
    const { completedPipelines } = usePipelineCompletion(given);
    return <p>{JSON.stringify(completedPipelines)}</p>;
  };
  const shown = await page(<Component />);
  await server.opens();
  await server.says(completed('b1'));
  await server.says(completed('b2'));
  const stats = (batchId: string) => ({
    batchId,
    status: 'COMPLETED_SUCCESSFULLY',
    duration: 1.5,
    successfulEssays: 2,
    failedEssays: 0,
    completedPhases: ['spellcheck'],
  });
  expect(JSON.parse(shown.text())).toEqual([stats('b1'), stats('b2')]);
  await leave();

  own.connect();
  const other = await mount(<StrictMode><Component given={own} /></StrictMode>);
  await server.opens();
  await server.says(completed('b3'));
  expect(JSON.parse(other.text())).toEqual([stats('b3')]);
  await leave();
  expect(handlersOf(own)).toBe(0);
  own.disconnect();
  expectNothingLeft(own);
});

test('a thousand messages in a moment are shown', async () => {
  const Component = () => {
    const [count, setCount] = useState(0);
    useNotification(() => setCount((before) => before + 1));
    return <p>{count}</p>;
  };
  const shown = await page(<Component />);
  await server.opens();
  await server.says(...Array.from({ length: 1000 }, () => ({ type: 'notification', payload: {} })));
  expect(shown.text()).toBe('1000');
});
