// SPDX-License-Identifier: MIT
// A notification server as one writes it with npm's `ws`: HS256 tokens, users, HTTP publishing. For bench/run.
// usage: node ws_server.mjs PORT SECRET

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { WebSocketServer } = createRequire(new URL('../tests/e2e/package.json', import.meta.url))('ws');
const [port, secret] = process.argv.slice(2);

function userOf(token) {
  const [head, claims, signature] = token.split('.');
  const wanted = createHmac('sha256', secret).update(`${head}.${claims}`).digest();
  if (!timingSafeEqual(wanted, Buffer.from(signature, 'base64url'))) throw new Error('signature');
  const { user_id: user, exp } = JSON.parse(Buffer.from(claims, 'base64url'));
  if (exp * 1000 < Date.now()) throw new Error('expired');
  return user;
}

const users = new Map();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

function publish(url, data) {
  if (url === '/broadcast') {
    for (const socket of sockets.clients) socket.send(data, { binary: false });
    return sockets.clients.size;
  }
  const of = users.get(url.slice('/user/'.length)) ?? new Set();
  for (const socket of of) socket.send(data, { binary: false });
  return of.size;
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const deliveries = publish(request.url, Buffer.concat(chunks));
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ deliveries }));
  });
});
server.keepAliveTimeout = 0;

server.on('upgrade', (request, socket, head) => {
  let user;
  try {
    user = userOf(request.headers.authorization.slice('Bearer '.length));
  } catch {
    socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, socket, head, (ws) => {
    const of = users.get(user) ?? new Set();
    users.set(user, of.add(ws));
    ws.on('close', () => of.delete(ws) && of.size === 0 && users.delete(user));
    ws.on('error', () => {});
    ws.on('message', () => {});
  });
});
server.listen(Number(port), '127.0.0.1', 4096);
