import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { NotificationMessage } from 'tidings-client';
import { useNotification, useWebSocket, WebSocketProvider } from 'tidings-client/react';

function Notifications() {
  const { connected, error } = useWebSocket();
  const [received, setReceived] = useState<NotificationMessage['payload'][]>([]);
  useNotification((payload) => setReceived((before) => [...before, payload]));
  return (
    <>
      <p>{connected ? 'connected' : (error?.message ?? 'not connected')}</p>
      <ul>{received.map(({ title, message }, at) => <li key={at}>{`${title}: ${message}`}</li>)}</ul>
    </>
  );
}

const asked = new URLSearchParams(location.search);
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <WebSocketProvider url={asked.get('server') ?? undefined} token={asked.get('token')}>
      <Notifications />
    </WebSocketProvider>
  </StrictMode>,
);
