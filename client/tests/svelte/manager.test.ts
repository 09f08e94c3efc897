// SPDX-License-Identifier: MIT
// wsManager in components: what it shows, and what is left when they are gone.
import { flushSync, mount, unmount } from 'svelte';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocketManager, wsManager } from '../../src/svelte/index.svelte';
import { FakeWebSocket, fakeWorld } from '../support/fake';
import Centre from './Centre.svelte';
import Session from './Session.svelte';

fakeWorld();

const URL = 'ws://server.test/ws';
const note = (notification_type: string, more: object = {}) => ({ notification_type, payload: { batch_id: 'b1' }, ...more });

/** What the components say, every space as one. */
const text = (): string => (flushSync(), document.body.textContent!.replace(/\s+/g, ' ').trim());

function says(...messages: unknown[]): void {
  for (const message of messages) FakeWebSocket.last.says(message);
  flushSync();
}

beforeEach(() => {
  wsManager.clear();
  document.body.replaceChildren();
  return () => wsManager.disconnect();
});

describe('in a component', () => {
  test('shows the connection, the notifications and the batches', async () => {
    const seen: string[] = [];
    const centre = mount(Centre, { target: document.body, props: { seen: (what: string) => void seen.push(what) } });
    expect(text()).toBe('disconnected fine 0');
    wsManager.connect({ url: URL, token: 'T' });
    expect(FakeWebSocket.last.url).toBe(`${URL}?token=T`);
    expect(text()).toBe('connecting fine 0');
    FakeWebSocket.last.open();
    expect(text()).toBe('connected fine 0');
    says(note('class_created'), note('batch_processing_started'));
    expect(text()).toBe('connected fine 2 batch_processing_started new class_created new b1 processing');
    expect(seen).toEqual(['connected false', 'connected true', 'class_created']);

    document.querySelector('button')!.click();
    expect(text()).toContain('fine 1 batch_processing_started read class_created new');
    wsManager.markAsRead('no such');
    wsManager.disconnect();
    expect(text()).toContain('disconnected fine 1 batch_processing_started read');
    wsManager.clear();
    expect(text()).toBe('disconnected fine 0');
    await unmount(centre);
    wsManager.connect({ url: URL, token: 'T' });
    FakeWebSocket.last.open();
    says(note('class_created'));
    expect(seen.filter((what) => what === 'class_created')).toHaveLength(1);
  });

  test('$effect may connect and disconnect: it runs again for what it reads itself only', async () => {
    const session = mount(Session, { target: document.body, props: { token: 'T', url: URL } });
    flushSync();
    expect(FakeWebSocket.all).toHaveLength(1);
    FakeWebSocket.last.open();
    says(note('class_created'), note('class_created'));
    expect(FakeWebSocket.all).toHaveLength(1);
    expect(wsManager.isConnected).toBe(true);
    await unmount(session);
    expect(wsManager.isConnected).toBe(false);
    expect(FakeWebSocket.alive).toHaveLength(0);
    expect(FakeWebSocket.last.isWatched).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the connection', () => {
  test('on the page’s own origin, and one takes the other’s place', () => {
    wsManager.connect({ token: 'a' });
    wsManager.connect({ token: 'b' });
    expect(FakeWebSocket.all.map(({ url }) => url)).toEqual(['a', 'b'].map((token) => `ws://localhost:3000/ws?token=${token}`));
    expect(FakeWebSocket.alive).toHaveLength(1);
    FakeWebSocket.all[0]!.open();
    expect(wsManager.isConnected).toBe(false);
  });

  test('errors in words and by code, until connected', async () => {
    wsManager.connect({ url: URL, getToken: () => 'T' });
    FakeWebSocket.last.open();
    says({ error: 'Internal server error', code: 1011, message: 'temporarily unavailable', retry_recommended: true });
    FakeWebSocket.last.ends(1011);
    expect([wsManager.connectionError, wsManager.error?.code]).toEqual(['temporarily unavailable', 'server_error']);
    await vi.advanceTimersByTimeAsync(1200);
    FakeWebSocket.last.open();
    expect(wsManager.connectionError).toBeNull();
    says({ error: 'Authentication failed', code: 1008, message: 'Invalid or expired JWT token', retry_recommended: false });
    FakeWebSocket.last.ends(1008);
    expect(wsManager.error?.code).toBe('token_rejected');
    expect(wsManager.state).toBe('disconnected');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('handlers stay over connect(), until they are taken back', () => {
    const handler = vi.fn();
    const stop = wsManager.on('class_created', handler);
    for (const token of ['a', 'b']) {
      wsManager.connect({ url: URL, token });
      FakeWebSocket.last.open();
      says(note('class_created'));
    }
    stop();
    says(note('class_created'));
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test('several managers know nothing of each other', () => {
    const other = new WebSocketManager();
    other.connect({ url: URL, token: 'T' });
    FakeWebSocket.last.open();
    says(note('class_created'));
    expect([other.notifications.length, wsManager.notifications.length]).toEqual([1, 0]);
    other.disconnect();
  });
});

describe('notifications', () => {
  beforeEach(() => {
    wsManager.connect({ url: URL, token: 'T' });
    FakeWebSocket.last.open();
  });

  test('have an id: their own, or one that nobody else has', () => {
    says(note('a'), note('b', { notification_id: 'n1' }), note('c', { notification_id: 7 }), note('a'));
    const ids = wsManager.notifications.map(({ id }) => id);
    expect(ids.slice(1, 3)).toEqual(['7', 'n1']);
    expect(new Set(ids).size).toBe(4);
  });

  test('what is delivered again is one', () => {
    says(note('a', { notification_id: 'n1' }));
    wsManager.markAsRead('n1');
    says(note('a', { notification_id: 'n1' }));
    expect(wsManager.notifications.map(({ read }) => read)).toEqual([true]);
  });

  test('the last hundred of a thousand, the newest first', () => {
    says(...Array.from({ length: 1000 }, (_, at) => note('a', { at })));
    expect(wsManager.notifications).toHaveLength(100);
    expect(wsManager.notifications[0]).toMatchObject({ at: 999 });
    expect(wsManager.notifications[99]).toMatchObject({ at: 900 });
    expect(wsManager.unreadCount).toBe(100);
  });

  test('what is no object is none', () => {
    says('1', '"text"', 'null', '[1]', 'not JSON');
    expect(wsManager.notifications).toHaveLength(0);
  });
});

describe('batches', () => {
  beforeEach(() => {
    wsManager.connect({ url: URL, token: 'T' });
    FakeWebSocket.last.open();
  });
  const ended = (final_status: string) => ({
    notification_type: 'batch_pipeline_completed',
    payload: {
      batch_id: 'b1',
      completed_phases: ['spellcheck', 'cj_assessment'],
      final_status,
      processing_duration_seconds: 1800.5,
      successful_essay_count: 15,
      failed_essay_count: 1,
    },
  });

  test('go through their phases', () => {
    says(note('batch_processing_started'), note('batch_spellcheck_completed'), note('batch_spellcheck_completed'));
    says({ notification_type: 'phase_skipped', payload: { batch_id: 'b1', phase_name: 'nlp' } });
    says(note('batch_cj_assessment_completed'));
    expect(wsManager.batchStates).toEqual({
      b1: { status: 'processing', completedPhases: ['spellcheck', 'nlp', 'cj_assessment'] },
    });
    says(ended('COMPLETED_SUCCESSFULLY'));
    const stats = { duration: 1800.5, successfulEssays: 15, failedEssays: 1 };
    expect(wsManager.batchStates['b1']).toEqual({ status: 'completed', completedPhases: ['spellcheck', 'cj_assessment'], stats });
    says(note('batch_processing_started'));
    expect(wsManager.batchStates['b1']).toEqual({ status: 'processing', completedPhases: [] });
  });

  test.each([
    ['COMPLETED_WITH_FAILURES', 'completed'],
    ['FAILED', 'failed'],
  ])('%s is %s', (final, status) => {
    says(ended(final));
    expect(wsManager.batchStates['b1']!.status).toBe(status);
  });

  test.each([
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['spellchecking', 'processing'],
  ])('batch.status.updated: %s is %s', (told, status) => {
    says({ event_type: 'batch.status.updated', batch_id: 'b1', status: told, timestamp: 'T' });
    expect(wsManager.batchStates['b1']!.status).toBe(status);
  });

  test('the last 200, whatever their names', () => {
    for (let at = 0; at < 250; at++) {
      says({ notification_type: 'batch_processing_started', payload: { batch_id: `b-${at}` } });
    }
    says({ notification_type: 'batch_processing_started', payload: { batch_id: '__proto__' } });
    expect(Object.keys(wsManager.batchStates)).toHaveLength(200);
    expect(Object.hasOwn(wsManager.batchStates, '__proto__')).toBe(true);
    expect(Object.keys(wsManager.batchStates)[0]).toBe('b-51');
  });
});
