// SPDX-License-Identifier: MIT
// Components on a page of jsdom, and a count of everything that they could leave behind.
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { getWebSocketClient, type TidingsConnection } from '../../src/index';
import { FakeWebSocket, fakeWorld } from './fake';

const PAGE_EVENTS = ['offline', 'online', 'pagehide', 'pageshow', 'freeze', 'resume', 'visibilitychange'];
let listeners = 0;
let roots: Root[] = [];

function countListeners(target: EventTarget): void {
  const { addEventListener, removeEventListener } = target;
  vi.spyOn(target, 'addEventListener').mockImplementation((...all: Parameters<typeof addEventListener>) => {
    if (PAGE_EVENTS.includes(all[0])) listeners++;
    addEventListener.apply(target, all);
  });
  vi.spyOn(target, 'removeEventListener').mockImplementation((...all: Parameters<typeof removeEventListener>) => {
    if (PAGE_EVENTS.includes(all[0])) listeners--;
    removeEventListener.apply(target, all);
  });
}

/** The surroundings of each test: a fake world, and a page that is left as it was found. */
export function reactWorld(): void {
  fakeWorld();
  beforeEach(() => {
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    listeners = 0;
    countListeners(window);
    countListeners(document);
    localStorage.clear();
  });
  afterEach(async () => {
    await leave();
    getWebSocketClient().disconnect();
  });
}

export interface Page {
  text: () => string;
  click: (name: string) => Promise<void>;
  show: (node: ReactNode) => Promise<void>;
}

/** Mounts `node`. What it does a moment later has happened when this returns. */
export async function mount(node: ReactNode): Promise<Page> {
  const container = document.body.appendChild(document.createElement('div'));
  const root = createRoot(container);
  roots.push(root);
  const show = (shown: ReactNode): Promise<void> => act(async () => root.render(shown));
  await show(node);
  return {
    show,
    text: () => container.textContent ?? '',
    click: (name) =>
      act(async () => {
        const button = [...container.querySelectorAll('button')].find((one) => one.textContent === name);
        if (!button) throw new Error(`no button ${name}`);
        button.click();
      }),
  };
}

/** Unmounts everything. */
export async function leave(): Promise<void> {
  await act(async () => roots.forEach((root) => root.unmount()));
  roots = [];
  document.body.replaceChildren();
}

export const server = {
  opens: () => act(async () => void FakeWebSocket.last.open()),
  says: (...messages: unknown[]) => act(async () => messages.forEach((one) => FakeWebSocket.last.says(one))),
  ends: (code?: number, reason?: string) => act(async () => void FakeWebSocket.last.ends(code, reason)),
};

export const wait = (ms: number): Promise<void> => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

/** How many events have a handler. */
export const handlersOf = (client: TidingsConnection): number =>
  (client as unknown as { handlers: Map<string, unknown> }).handlers.size;

/** Whatever was opened is closed, nothing is waited for, and nobody listens to the page or to the clients given. */
export function expectNothingLeft(...clients: TidingsConnection[]): void {
  expect(FakeWebSocket.alive).toHaveLength(0);
  for (const socket of FakeWebSocket.all) expect(socket.isWatched).toBe(false);
  // React itself puts things off until after a click.
  vi.advanceTimersByTime(0);
  expect(vi.getTimerCount()).toBe(0);
  expect(listeners).toBe(0);
  for (const client of [getWebSocketClient(), ...clients]) expect(handlersOf(client)).toBe(0);
}
