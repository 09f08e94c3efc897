// SPDX-License-Identifier: MIT
// What there is to see without asking for anybody: tiles, charts, counters, Redis, nodes.
import { LineChart } from './charts.js';
import { make, part, say } from './dom.js';
import * as format from './format.js';
import { Rows, Tallies } from './tables.js';

/** @typedef {import('./api.js').NodeFigures} NodeFigures */
/** @typedef {import('./api.js').Overview} Overview */
/** @typedef {import('./history.js').History} History */

/** @type {Record<string, string>} */
const CODES = {
  1000: 'normal end',
  1001: 'page left',
  1002: 'protocol error',
  1003: 'unacceptable data',
  1005: 'no code given',
  1006: 'connection lost',
  1007: 'not UTF-8',
  1008: 'not authorised, or ended by an operator',
  1009: 'message too big',
  1011: 'server fault',
  1012: 'server restart',
  1013: 'out of room',
  4000: 'limit reached',
  4001: 'token expired',
  4003: 'not allowed',
  4004: 'not found',
  4008: 'idle',
  4013: 'slow consumer',
  4029: 'limit reached',
  other: 'any other code',
};

/** @type {Record<'connections' | 'messages' | 'latency', import('./charts.js').ChartOptions>} */
const CHARTS = {
  connections: {
    least: 4,
    unit: '',
    format: format.whole,
    lines: [{ name: 'Open', value: ({ overview }) => overview.connections.total }],
  },
  messages: {
    least: 1,
    unit: '',
    format: format.rate,
    lines: [
      { name: 'Sent', value: ({ overview }) => overview.rates.sent },
      { name: 'Published', value: ({ overview }) => overview.rates.published },
      { name: 'Received', value: ({ overview }) => overview.rates.received },
    ],
  },
  latency: {
    least: 0.1,
    unit: ' ms',
    format: format.milliseconds,
    lines: [
      { name: 'p50', value: ({ overview }) => overview.latency.p50_ms },
      { name: 'p90', value: ({ overview }) => overview.latency.p90_ms },
      { name: 'p99', value: ({ overview }) => overview.latency.p99_ms },
    ],
  },
};

/** "too_many_attempts" as one says it. @param {string} name */
const spoken = (name) => name.replaceAll('_', ' ');

/** @param {Overview} overview */
function showTiles(overview) {
  const { connections, rates, latency } = overview;
  say(part('tile-connections', HTMLElement), format.number(connections.total));
  say(part('tile-connections-of', HTMLElement), `of ${format.number(connections.max)} at most`);
  part('tile-connections-bar', HTMLElement).style.setProperty(
    '--part',
    `${connections.max > 0 ? (100 * connections.total) / connections.max : 0}%`,
  );
  say(part('tile-users', HTMLElement), format.number(connections.users));
  say(part('tile-channels', HTMLElement), `on ${format.count(connections.channels, 'channel')}`);
  say(part('tile-sent', HTMLElement), format.rate(rates.sent));
  say(part('tile-published', HTMLElement), `${format.rate(rates.published)} published`);
  say(part('tile-latency', HTMLElement), format.milliseconds(latency.p99_ms));
  const { count } = latency;
  say(part('tile-latency-of', HTMLElement), count > 0 ? `of ${format.number(count)} in a minute` : 'nothing sent');
  say(part('tile-refused', HTMLElement), format.rate(rates.refused));
  say(part('tile-opened', HTMLElement), `${format.rate(rates.opened)} accepted`);
}

/** @param {{ version: string, uptime_seconds: number, workers: number }} server */
const aboutServer = ({ version, uptime_seconds, workers }) =>
  `${version}, up ${format.duration(uptime_seconds)}, ${format.count(workers, 'worker')}`;

/** What is known of the link, as words and what they say. @param {import('./api.js').Redis} redis */
function* redisFacts(redis) {
  if (redis.since) yield ['Since', format.moment(new Date(redis.since))];
  if (redis.problem) yield ['Problem', redis.problem];
  if (redis.ping_ms !== undefined) yield ['Ping through it', format.milliseconds(redis.ping_ms)];
  if (redis.reconnects !== undefined) yield ['Connected again', format.count(redis.reconnects, 'time')];
  if (redis.channels !== undefined) yield ['Subscribed to', format.count(redis.channels, 'channel')];
}

const REDIS_WORDS = { up: 'Up', down: 'Down', disabled: 'Not used' };

/** @param {import('./api.js').Redis} [redis] */
function showRedis(redis = { status: 'disabled' }) {
  const status = /** @type {keyof typeof REDIS_WORDS} */ (redis.status);
  const state = part('redis-state', HTMLElement);
  say(state, REDIS_WORDS[status] ?? redis.status);
  state.dataset.state = redis.status;
  const facts = [...redisFacts(redis)].flatMap(([name, value]) => [make('dt', '', name), make('dd', '', value)]);
  part('redis-facts', HTMLElement).replaceChildren(...facts);
  part('redis-none', HTMLElement).hidden = redis.status !== 'disabled';
}

/** @returns {import('./tables.js').Row<NodeFigures>} */
function makeNode() {
  const element = make('tr');
  const name = make('th', 'name');
  name.scope = 'row';
  const title = make('span');
  const about = make('span', 'about');
  name.append(title, ' ', about);
  const connections = make('td', 'figure');
  const users = make('td', 'figure');
  element.append(name, connections, users);
  return {
    element,
    update: (node) => {
      say(title, `${node.node ?? 'this server'}${node.self && node.node ? ' (this one)' : ''}`);
      say(about, aboutServer(node));
      say(connections, format.number(node.connections));
      say(users, format.number(node.users));
    },
  };
}

/** @returns {import('./tables.js').Row<[string, number]>} */
function makeEndpoint() {
  const element = make('tr');
  const name = make('th', 'name');
  name.scope = 'row';
  const connections = make('td', 'figure');
  element.append(name, connections);
  return {
    element,
    update: ([endpoint, count]) => {
      say(name, endpoint);
      say(connections, format.number(count));
    },
  };
}

export class OverviewView {
  #charts = Object.entries(CHARTS).map(([name, options]) => new LineChart(part(`chart-${name}`, HTMLElement), options));
  #closes = new Tallies(part('closes', HTMLElement));
  #refusals = new Tallies(part('refusals', HTMLElement));
  #dropped = new Tallies(part('dropped', HTMLElement));
  #nodes = new Rows(
    part('node-rows', HTMLElement),
    /** @param {NodeFigures} node */ (node) => node.node ?? '',
    makeNode,
  );
  #endpoints = new Rows(
    part('endpoint-rows', HTMLElement),
    /** @param {[string, number]} endpoint */ ([name]) => name,
    makeEndpoint,
  );

  /** @param {History} history whose last sample is shown */
  show(history) {
    const overview = history.samples.at(-1)?.overview;
    if (!overview) return;
    say(part('server', HTMLElement), aboutServer(overview));
    showTiles(overview);
    for (const chart of this.#charts) chart.show(history.samples);
    this.#showCounters(overview, history);
    showRedis(overview.redis);
    this.#endpoints.show(Object.entries(overview.connections.endpoints));
    this.#showNodes(overview);
  }

  /**
   * @param {Overview} overview
   * @param {History} history
   */
  #showCounters(overview, history) {
    /** @param {'closes' | 'refusals' | 'dropped'} list */
    const tallies = (list) =>
      Object.entries(overview[list]).map(([name, total]) => ({
        name: spoken(name),
        about: list === 'closes' ? CODES[name] ?? '' : '',
        recent: history.growth(list, name),
        total,
      }));
    this.#closes.show(tallies('closes'));
    this.#refusals.show(tallies('refusals'));
    this.#dropped.show(tallies('dropped'));
  }

  /** @param {Overview} overview */
  #showNodes({ nodes = [], nodes_silent = 0 }) {
    this.#nodes.show(nodes);
    const silent = part('nodes-silent', HTMLElement);
    silent.hidden = nodes_silent === 0;
    say(silent, `${format.count(nodes_silent, 'node')} did not answer.`);
  }
}
