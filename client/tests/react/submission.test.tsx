// SPDX-License-Identifier: MIT
// useSubmissionUpdates: its states, its changes of subject, its end.
import { StrictMode } from 'react';
import { expect, test } from 'vitest';
import type { TokenSource } from '../../src/index';
import { useSubmissionUpdates } from '../../src/react/index';
import { FakeWebSocket } from '../support/fake';
import { expectNothingLeft, leave, mount, reactWorld, server, wait } from '../support/react';

reactWorld();

const OPTIONS = { url: 'ws://server.test' };
const urlOf = (id: number, token: string) => `ws://server.test/ws/submissions/${id}?token=${token}`;
const status = (text: string) => ({ type: 'status_update', submission_id: 1, status: text, timestamp: 'T' });
const complete = { type: 'complete', submission_id: 1, final_status: 'passed', summary: {}, timestamp: 'T' };

const rendered: string[] = [];

function Submission({ id = 1, token = 'T' }: { id?: number; token?: string | TokenSource }) {
  const seen = useSubmissionUpdates(id, token, OPTIONS);
  const updates = seen.updates.map((one) => ('status' in one ? one.status : one.type));
  const text = [seen.status, seen.error?.code, ...updates].filter(Boolean).join(' ');
  rendered.push(`${id}: ${text}`);
  return <p>{text}</p>;
}

test('from connecting to complete', async () => {
  const page = await mount(<Submission />);
  expect(FakeWebSocket.all.map(({ url }) => url)).toEqual([urlOf(1, 'T')]);
  expect(page.text()).toBe('connecting');
  await server.opens();
  expect(page.text()).toBe('connected');
  await server.says(status('testing'));
  await server.says(complete);
  expect(page.text()).toBe('disconnected testing complete');
  expect(FakeWebSocket.last.closedWith?.[0]).toBe(1000);
  await leave();
  expectNothingLeft();
});

test('comes back after a break without showing anything twice', async () => {
  const page = await mount(<Submission />);
  await server.opens();
  await server.says(status('testing'));
  await server.ends(1012);
  expect(page.text()).toBe('disconnected unavailable testing');
  await wait(1000);
  await server.opens();
  await server.says(status('testing'));
  await server.says(status('late'));
  expect(page.text()).toBe('connected testing late');
});

test.each([
  [4003, 'error forbidden'],
  [4004, 'error not_found'],
])('%i is the end', async (code, text) => {
  const page = await mount(<Submission />);
  await server.ends(code);
  expect(page.text()).toBe(text);
  await wait(60_000);
  expect(FakeWebSocket.all).toHaveLength(1);
  await leave();
  expectNothingLeft();
});

test('another submission or token begins afresh, in the very next render', async () => {
  const page = await mount(<Submission />);
  await server.opens();
  await server.says(status('testing'));
  await page.show(<Submission id={2} />);
  expect(new Set(rendered.filter((text) => text.startsWith('2')))).toEqual(new Set(['2: connecting']));
  await page.show(<Submission id={2} token="U" />);
  expect(FakeWebSocket.alive.map(({ url }) => url)).toEqual([urlOf(2, 'U')]);
  await leave();
  expectNothingLeft();
});

test('a function that gets tokens is asked before each attempt, and a new one does not reconnect', async () => {
  const page = await mount(<Submission token={async () => 'a'} />);
  await server.opens();
  await page.show(<Submission token={async () => 'b'} />);
  expect(FakeWebSocket.all).toHaveLength(1);
  await server.ends(1012);
  await wait(1000);
  expect(FakeWebSocket.last.url).toBe(urlOf(1, 'b'));
});

test('StrictMode opens one connection', async () => {
  const page = await mount(<StrictMode><Submission /></StrictMode>);
  expect(FakeWebSocket.all).toHaveLength(1);
  await server.opens();
  await server.says(status('testing'));
  expect(page.text()).toBe('connected testing');
  await leave();
  expectNothingLeft();
});
