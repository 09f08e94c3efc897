// SPDX-License-Identifier: MIT
// The provider: which token, which connection, and what is left of it.
import { act, StrictMode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { describe, expect, test, vi } from 'vitest';
import { TidingsClient, type TidingsConnection } from '../../src/index';
import { useOCRProgress, useWebSocket, WebSocketProvider } from '../../src/react/index';
import { FakeWebSocket } from '../support/fake';
import { expectNothingLeft, leave, mount, reactWorld, server, wait } from '../support/react';

reactWorld();

const URL = 'ws://server.test/api/v1/ws';

function State() {
  const { connected, state, error } = useWebSocket();
  return <p>{`${connected} ${state} ${error?.code ?? 'fine'};`}</p>;
}

describe('the token', () => {
  test('from localStorage, on the page’s own origin', async () => {
    localStorage.setItem('auth_token', 'stored');
    const page = await mount(<WebSocketProvider autoConnect={true}><State /></WebSocketProvider>);
    expect(FakeWebSocket.all.map(({ url }) => url)).toEqual(['ws://localhost:3000/api/v1/ws?token=stored']);
    expect(page.text()).toBe('false connecting fine;');
    await server.opens();
    expect(page.text()).toBe('true connected fine;');
  });

  test('is read anew before each attempt', async () => {
    localStorage.setItem('auth_token', 'old');
    await mount(<WebSocketProvider url={URL} />);
    await server.opens();
    localStorage.setItem('auth_token', 'new');
    await server.ends(1012);
    await wait(1000);
    expect(FakeWebSocket.last.url).toBe(`${URL}?token=new`);
  });

  test('nobody is logged in: nothing is opened, and nothing is wrong', async () => {
    const page = await mount(<WebSocketProvider><State /></WebSocketProvider>);
    expect(FakeWebSocket.all).toHaveLength(0);
    expect(page.text()).toBe('false disconnected fine;');
  });

  test('autoConnect={false} waits for connect()', async () => {
    localStorage.setItem('auth_token', 'stored');
    const Login = () => {
      const { connect } = useWebSocket();
      return <button onClick={() => connect('typed')}>go</button>;
    };
    const page = await mount(<WebSocketProvider autoConnect={false} url={URL}><Login /></WebSocketProvider>);
    expect(FakeWebSocket.all).toHaveLength(0);
    await page.click('go');
    expect(FakeWebSocket.last.url).toBe(`${URL}?token=typed`);
    await leave();
    expectNothingLeft();
  });

  test('another one connects anew, null disconnects', async () => {
    const handler = vi.fn();
    const Progress = () => (useOCRProgress(handler), (<State />));
    const page = await mount(<WebSocketProvider url={URL} token="a"><Progress /></WebSocketProvider>);
    await server.opens();
    await page.show(<WebSocketProvider url={URL} token="b"><Progress /></WebSocketProvider>);
    expect(FakeWebSocket.all.map(({ url }) => url)).toEqual([`${URL}?token=a`, `${URL}?token=b`]);
    expect(FakeWebSocket.alive).toHaveLength(1);
    await server.opens();
    await server.says({ type: 'ocr_progress', payload: { progress: 7 } });
    expect(handler.mock.calls).toEqual([[{ progress: 7 }]]);

    localStorage.setItem('auth_token', 'not for this');
    await page.show(<WebSocketProvider url={URL} token={null}><Progress /></WebSocketProvider>);
    expect(page.text()).toBe('false disconnected fine;');
    expect(FakeWebSocket.alive).toHaveLength(0);
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('a plain one that has run out is not tried again, one that can be had anew is', async () => {
    const page = await mount(<WebSocketProvider url={URL} token="a"><State /></WebSocketProvider>);
    await server.opens();
    await server.ends(4001, 'Token expired');
    expect(page.text()).toBe('false disconnected token_expired;');
    await wait(60_000);
    expect(FakeWebSocket.all).toHaveLength(1);

    let count = 0;
    await page.show(<WebSocketProvider url={URL} getToken={() => `t${++count}`}><State /></WebSocketProvider>);
    await server.opens();
    await server.ends(4001, 'Token expired');
    expect(FakeWebSocket.last.url).toBe(`${URL}?token=t2`);
  });

  test('getToken is the one of the last render, and a new one does not reconnect', async () => {
    const page = await mount(<WebSocketProvider url={URL} getToken={async () => 'a'} />);
    await server.opens();
    await page.show(<WebSocketProvider url={URL} getToken={async () => 'b'} />);
    expect(FakeWebSocket.all).toHaveLength(1);
    await server.ends(1012);
    await wait(1000);
    expect(FakeWebSocket.last.url).toBe(`${URL}?token=b`);
  });
});

describe('the connection', () => {
  test('config is used, and writing it anew in each render changes nothing', async () => {
    const shown = () => <WebSocketProvider token="a" config={{ url: 'ws://server.test', reconnectInterval: 100 }} />;
    const page = await mount(shown());
    await page.show(shown());
    expect(FakeWebSocket.all.map(({ url }) => url)).toEqual([`${URL}?token=a`]);
    await server.ends();
    await wait(50);
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('another url is another connection, and handlers go over to it', async () => {
    const handler = vi.fn();
    const Progress = () => (useOCRProgress(handler), null);
    const page = await mount(<WebSocketProvider url="ws://a.test" token="t"><Progress /></WebSocketProvider>);
    await server.opens();
    await page.show(<WebSocketProvider url="ws://b.test" token="t"><Progress /></WebSocketProvider>);
    expect(FakeWebSocket.alive.map(({ url }) => url)).toEqual(['ws://b.test/api/v1/ws?token=t']);
    await server.opens();
    await server.says({ type: 'ocr_progress', payload: { progress: 7 } });
    expect(handler).toHaveBeenCalledOnce();
  });

  test('is one, however many components use it', async () => {
    const handler = vi.fn();
    const Progress = () => (useOCRProgress(handler), (<State />));
    const page = await mount(<WebSocketProvider url={URL} token="a"><Progress /><Progress /></WebSocketProvider>);
    await server.opens();
    expect(page.text()).toBe('true connected fine;true connected fine;');
    await server.says({ type: 'ocr_progress', payload: { progress: 7 } });
    expect(handler).toHaveBeenCalledTimes(2);
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  test('is one in StrictMode too', async () => {
    const page = await mount(
      <StrictMode><WebSocketProvider url={URL} token="a"><State /></WebSocketProvider></StrictMode>,
    );
    expect(FakeWebSocket.all).toHaveLength(1);
    await server.opens();
    expect(page.text()).toBe('true connected fine;');
    await leave();
    expectNothingLeft();
  });

  test('a client of one’s own is used, and asked no more than it must', async () => {
    const client = new TidingsClient({ url: URL, token: 'mine' });
    const page = await mount(<WebSocketProvider client={client}><State /></WebSocketProvider>);
    expect(FakeWebSocket.all.map(({ url }) => url)).toEqual([`${URL}?token=mine`]);
    await server.opens();
    expect(page.text()).toBe('true connected fine;');
    await leave();
    expectNothingLeft(client);

    client.connect();
    await mount(<WebSocketProvider client={client} autoConnect={false}><State /></WebSocketProvider>);
    await leave();
    expect(client.state).toBe('connecting');
    client.disconnect();
    expectNothingLeft(client);
  });

  test.each([
    ['connecting', async () => undefined],
    ['connected', server.opens],
    ['waiting for the next attempt', () => server.ends()],
    ['refused', () => server.ends(1008, 'Authentication failed')],
  ])('unmounting leaves nothing: %s', async (_, before) => {
    let client: TidingsConnection | undefined;
    const Look = () => ((client = useWebSocket().client), (<State />));
    await mount(<WebSocketProvider url={URL} token="a"><Look /></WebSocketProvider>);
    await before();
    await leave();
    expectNothingLeft(client!);
    await wait(120_000);
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  test('unmounted before it began to connect, nothing is opened', async () => {
    const root = createRoot(document.createElement('div'));
    await act(async () => {
      flushSync(() => root.render(<WebSocketProvider url={URL} token="a" />));
      root.unmount();
    });
    expect(FakeWebSocket.all).toHaveLength(0);
    expectNothingLeft();
  });
});

test('an error that came before a component is known to it, and gone once connected', async () => {
  const page = await mount(<WebSocketProvider url={URL} token="a" />);
  await server.opens();
  await server.says({ error: 'Rate limit exceeded', code: 4000, message: 'Too many messages', retry_after_seconds: 2 });
  await server.ends(4000, 'Rate limit exceeded');
  await page.show(<WebSocketProvider url={URL} token="a"><State /></WebSocketProvider>);
  expect(page.text()).toBe('false reconnecting rate_limited;');
  await wait(3000);
  await server.opens();
  expect(page.text()).toBe('true connected fine;');
});
