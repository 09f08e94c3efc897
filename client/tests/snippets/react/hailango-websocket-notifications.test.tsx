// SPDX-License-Identifier: MIT
// The React code of hailango-websocket-notifications.md, as it stands there but for its imports.
import { act, useEffect, type ReactNode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { expect, test, vi } from 'vitest';
import { getWebSocketClient } from 'tidings-client';
import { WebSocketProvider, useBookReady, useOCRProgress, useWebSocket } from 'tidings-client/react';
import { FakeWebSocket } from '../../support/fake';
import { expectNothingLeft, leave, mount, reactWorld, server } from '../../support/react';

reactWorld();

const [setProgress, toast] = [vi.fn(), { success: vi.fn() }];

// "Using the Provider"; what it leaves untyped is typed.
function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html>
      <body>
        <WebSocketProvider autoConnect={true}>
          {children}
        </WebSocketProvider>
      </body>
    </html>
  );
}

// "Subscribing to Messages in Components"
function BookUploadComponent() {
  // Handle OCR progress updates
  useOCRProgress((payload) => {
    console.log('OCR Progress:', payload.progress);
    // Update UI with progress
    setProgress(payload.progress);
  });

  // Handle book ready notification
  useBookReady((payload) => {
    console.log('Book Ready:', payload.title);
    // Show success message
    toast.success(`${payload.title} is ready!`);
  });

  return <div>Upload UI...</div>;
}

// "Manual Connection Control"
function MyComponent() {
  const { connected, connect, disconnect, subscribe } = useWebSocket();

  // Manual connection with token
  const handleConnect = () => {
    const token = localStorage.getItem('auth_token');
    if (token) {
      connect(token);
    }
  };

  // Subscribe to specific message types
  useEffect(() => {
    const unsubscribe = subscribe('notification', (payload) => {
      console.log('Notification:', payload);
    });

    return unsubscribe; // Cleanup on unmount
  }, [subscribe]);

  return (
    <div>
      <p>Status: {connected ? 'Connected' : 'Disconnected'}</p>
      <button onClick={handleConnect}>Connect</button>
      <button onClick={disconnect}>Disconnect</button>
    </div>
  );
}

const progress = { type: 'ocr_progress', payload: { bookId: 'b', progress: 40 }, timestamp: '2024-01-15T10:38:00Z' };
const ready = { type: 'book_ready', payload: { bookId: 'b', title: 'Hai', totalPages: 3 }, timestamp: '2024-01-15T10:38:00Z' };
const notification = { type: 'notification', payload: { title: 'Hello' }, timestamp: '2024-01-15T10:38:00Z' };

/** The page as a server sends it. */
function page(html: string): void {
  const sent = document.createElement('html');
  sent.innerHTML = html;
  sent.querySelector('head')?.remove();
  document.documentElement?.remove();
  document.append(sent);
}

const logged = () => vi.spyOn(console, 'log').mockImplementation(() => undefined);

test('"Using the Provider", "Subscribing to Messages in Components"', async () => {
  const log = logged();
  localStorage.setItem('auth_token', 'token');
  const shown = <RootLayout><BookUploadComponent /></RootLayout>;
  page(renderToString(shown));
  const root = await act(async () => hydrateRoot(document, shown));
  expect(document.body.textContent).toBe('Upload UI...');
  expect(FakeWebSocket.all.map(({ url }) => url)).toEqual(['ws://localhost:3000/api/v1/ws?token=token']);
  await server.opens();
  await server.says({ type: 'connection_established', payload: {} }, progress, ready);
  expect(setProgress.mock.calls).toEqual([[40]]);
  expect(toast.success.mock.calls).toEqual([['Hai is ready!']]);
  expect(log.mock.calls).toEqual([['OCR Progress:', 40], ['Book Ready:', 'Hai']]);
  await act(async () => root.unmount());
  expectNothingLeft();
  page('<body></body>');
});

test.each([
  ['without a provider', (node: ReactNode) => node],
  ['with one', (node: ReactNode) => <WebSocketProvider autoConnect={false}>{node}</WebSocketProvider>],
])('"Manual Connection Control", %s', async (_, wrapped) => {
  const log = logged();
  getWebSocketClient({ url: 'ws://localhost:3000/api/v1/ws' });
  localStorage.setItem('auth_token', 'token');
  const page = await mount(wrapped(<MyComponent />));
  expect(page.text()).toContain('Status: Disconnected');
  await page.click('Connect');
  expect(FakeWebSocket.all.map(({ url }) => url)).toEqual(['ws://localhost:3000/api/v1/ws?token=token']);
  await server.opens();
  expect(page.text()).toContain('Status: Connected');
  await server.says(notification);
  expect(log.mock.calls).toEqual([['Notification:', { title: 'Hello' }]]);
  await page.click('Disconnect');
  expect(page.text()).toContain('Status: Disconnected');
  await page.click('Connect');
  await server.opens();
  await leave();
  expectNothingLeft();
});
