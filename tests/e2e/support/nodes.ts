// SPDX-License-Identifier: MIT
// Several nodes over one Redis.
import { type Redis } from './redis';
import { startTidings, type Tidings, type TidingsOptions } from './tidings';
import { until } from './wait';
import { listen, type Listener } from './wsClient';

/** The configuration of a node: `broker.redis` with these keys. */
export function nodeOptions(redis: Record<string, unknown>, options: TidingsOptions = {}): TidingsOptions {
  return { ...options, config: { broker: { kind: 'redis', redis }, ...options.config } };
}

export const startNode = (redis: Redis | { url: string }, options: TidingsOptions = {}): Promise<Tidings> =>
  startTidings(nodeOptions({ url: redis.url }, options));

export const startNodes = (redis: Redis | { url: string }, count: number, options: TidingsOptions = {}) =>
  Promise.all(Array.from({ length: count }, () => startNode(redis, options)));

export const hear = (node: Tidings, user: string): Promise<Listener> =>
  listen(`${node.wsUrl}?token=${node.token(user)}`);

export const watch = (node: Tidings, number: number, user = 'anna'): Promise<Listener> =>
  listen(`ws://${node.address}/ws/submissions/${number}?token=${node.token(user)}`);

export async function declare(node: Tidings, body: Record<string, unknown> = {}): Promise<number> {
  const answer = await node.call('/api/v1/submissions', body);
  if (![200, 201].includes(answer.status)) throw new Error(`declare: ${answer.status} ${answer.text}`);
  return answer.json.submission_id as number;
}

export const submission = (number: number) => ({ channel: `submission:${number}` });

/** Waits until the node says that Redis is, or is not, there. */
export const isUp = (node: Tidings, up: boolean, ms = 15_000): Promise<unknown> =>
  until(
    `the node to be ${up ? 'up' : 'down'}`,
    async () => (await node.ask('/healthz/redis')).status === (up ? 200 : 503),
    ms,
  );
