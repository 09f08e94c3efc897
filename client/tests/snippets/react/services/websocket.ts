// SPDX-License-Identifier: MIT
// What huleedu-websocket-api.md, "React Integration Example", calls ../services/websocket and does not show.
import { HuleEduWebSocketClient } from 'tidings-client';

export const wsClient = new HuleEduWebSocketClient('token', { url: 'ws://localhost:8080/ws' });
