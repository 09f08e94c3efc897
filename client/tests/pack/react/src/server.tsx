// What a server sends for a page: all of it in a place where there is no window.
import { renderToString } from 'react-dom/server';
import { useSubmissionUpdates, useWebSocket, WebSocketProvider } from 'tidings-client/react';

function State() {
  return <p>{`${useWebSocket().state} ${useSubmissionUpdates(1, 'T').status}`}</p>;
}

console.log(renderToString(<WebSocketProvider autoConnect={true}><State /></WebSocketProvider>));
