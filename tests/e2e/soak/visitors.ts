// SPDX-License-Identifier: MIT
// Clients that come, do something, and go somehow: nothing of them is to stay.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { close, frame, OP, ping, text } from '../support/frame';
import { handshake } from '../support/rawClient';
import type { Tidings } from '../support/tidings';
import { sleep, within } from '../support/wait';
import { dial } from '../support/wsClient';

export const UUID = (n: number): string => `6f1c0f3e-6f3b-4b1e-9a52-${n.toString(16).padStart(12, '0')}`;

const LASTING = { exp: 4_102_444_800 };

/** An endpoint's path with a token for a visitor. */
export function pathOf(node: Tidings, kind: number, user: string, uuid = UUID(0)): string {
  switch (kind % 3) {
    case 0:
      return `/ws?token=${node.token(user, LASTING)}`;
    case 1:
      return `/ws/v1/status/${user}?token=${node.token(user, { ...LASTING, sub: user })}`;
    default:
      return `/api/v1/ws?token=${node.token(uuid, { ...LASTING, user_id: uuid, email: 'a@b.c' })}`;
  }
}

export const urlOf = (node: Tidings, path: string): string => node.wsUrl.replace(/\/ws$/, path);
export const trustOf = (node: Tidings): { ca?: Buffer } => (node.ca ? { ca: node.ca } : {});

const any = (count: number): number => Math.floor(Math.random() * count);

/** `handshake_seconds` of the nodes. */
export const HANDSHAKE_SECONDS = 3;

/** Connected, or over before that: false. */
function isConnected(socket: Socket, event: string): Promise<boolean> {
  return new Promise((done) => {
    socket.once(event, () => done(true));
    socket.once('close', () => done(false));
  });
}

/** A bare socket; TLS where the node speaks it, unless it `isDumb`. Undefined when we were too late for the node: this
 * process has a lot to do. */
async function raw(node: Tidings, isDumb = false): Promise<Socket | undefined> {
  const to = { port: node.port, host: '127.0.0.1', allowHalfOpen: true };
  const isTls = node.ca && !isDumb;
  const socket = isTls ? (connectTls({ ...to, ca: node.ca }) as Socket) : connect(to);
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  const since = Date.now();
  if (await within(10_000, 'connect', isConnected(socket, isTls ? 'secureConnect' : 'connect'))) return socket;
  if (Date.now() - since < HANDSHAKE_SECONDS * 1000) throw new Error('a visitor is turned away');
  return undefined;
}

/** Goes with a reset. On a socket with TLS Node 18 has none. */
const reset = (socket: Socket): unknown => ('encrypted' in socket ? socket.destroy() : socket.resetAndDestroy());

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

type Visit = (socket: Socket, shake: string) => Promise<void>;

const VISITS: Visit[] = [
  async (socket) => void reset(socket),
  async (socket, shake) => {
    socket.write(shake.slice(0, any(shake.length)));
    await sleep(any(100));
    if (any(2)) reset(socket);
  },
  async (socket, shake) => {
    socket.write(shake);
    socket.write(Buffer.concat([text('"hello"'), ping('x'.repeat(any(126))), frame(OP.text, '"in ', { fin: false })]));
    await sleep(any(50));
    socket.write(Buffer.concat([frame(OP.continuation, 'two"'), close(1000, 'bye')]));
    await sleep(100);
  },
  async (socket, shake) => {
    socket.write(shake);
    socket.write(frame(OP.text, 'x'.repeat(any(30_000)), { fin: false }));
    socket.write(text('cut').subarray(0, 1 + any(8)));
    await sleep(any(300));
  },
  async (socket) => {
    socket.pause();
    socket.write(GET('/metrics').repeat(50));
    await sleep(any(200));
  },
  async (socket) => {
    socket.write(GET('/healthz').repeat(20) + 'nonsense\r\n\r\n');
    await sleep(50);
    socket.end();
  },
  async (socket, shake) => {
    socket.write(shake);
    await sleep(50);
    socket.pause();
    socket.write(Buffer.concat(Array<Buffer>(300).fill(ping('x'.repeat(100)))));
    await sleep(any(500));
    reset(socket);
  },
];

/** Somebody comes and goes. */
export async function visit(node: Tidings): Promise<void> {
  const path = pathOf(node, any(3), `visitor-${any(20)}`, UUID(100 + any(20)));
  if (any(3) === 0) return stay(node, path);
  const socket = await raw(node, any(10) === 0);
  if (!socket) return;
  await VISITS[any(VISITS.length)]!(socket, handshake(node.port, path)).catch(() => undefined);
  socket.destroy();
}

/** A polite client, for a moment. */
async function stay(node: Tidings, path: string): Promise<void> {
  const client = dial(urlOf(node, path), { ...trustOf(node), perMessageDeflate: any(2) === 0 });
  const isIn = await within(20_000, 'open', client.opened).then(
    () => true,
    () => false,
  );
  if (isIn) {
    client.socket.send('ping');
    await sleep(any(2_000));
    client.socket.close(1000);
  }
  await client.close(20_000).catch(() => client.socket.terminate());
}

/** Somebody who reads nothing is published to until the server has enough of it. */
export async function stall(node: Tidings): Promise<void> {
  const user = `deaf-${any(1e9)}`;
  const socket = await raw(node);
  if (!socket) return;
  socket.write(handshake(node.port, `/ws?token=${node.token(user)}`));
  await sleep(200);
  socket.pause();
  const data = 'x'.repeat(60_000);
  for (let n = 0; n < 150; n++) {
    const answer = await node.call('/api/v1/publish', { user, data }).catch(() => undefined);
    if (answer?.status !== 200 || answer.json.published[0].deliveries === 0) break;
  }
  socket.destroy();
}
