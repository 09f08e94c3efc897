// SPDX-License-Identifier: MIT
// What operators load into Prometheus and Grafana speaks of figures that exist, and Prometheus takes them from a server.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from './support/http';
import { startRedis } from './support/redis';
import { freePort } from './support/run';
import { startTidings, type Tidings } from './support/tidings';
import { ownCertificate } from './support/tls';
import { until } from './support/wait';

const ROOT = join(__dirname, '../..');
const PROMETHEUS = join(ROOT, 'deploy/prometheus');
const folder = mkdtempSync(join(tmpdir(), 'tidings-monitoring-'));
const page = readFileSync(join(ROOT, 'docs/operating.md'), 'utf8');
const rules = readFileSync(join(PROMETHEUS, 'tidings.rules.yml'), 'utf8');

/** One server with everything that has figures: Redis, TLS, and metrics on an address of their own. */
let server: Tidings;
let metricsAt: string;
let figures: Map<string, Map<string, Set<string>>>;

beforeAll(async () => {
  const [redis, port] = [await startRedis(), await freePort('127.0.0.2')];
  metricsAt = `127.0.0.2:${port}`;
  server = await startTidings({
    config: {
      tls: { ...ownCertificate(), listen: `127.0.0.3:${await freePort('127.0.0.3')}` },
      broker: { kind: 'redis', redis: { url: redis.url } },
      metrics: { listen: metricsAt },
    },
  });
  await server.publish({ user: 'u1' }, 'heard by nobody');
  figures = read((await ask(`http://${metricsAt}/metrics`, { plain: true })).text);
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Of each metric the labels, of each label the values. */
function read(text: string): Map<string, Map<string, Set<string>>> {
  const all: typeof figures = new Map();
  for (const [, name, labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    if (!all.has(name!)) all.set(name!, new Map());
    const known = all.get(name!)!;
    for (const [, label, value] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      if (!known.has(label!)) known.set(label!, new Set());
      known.get(label!)!.add(value!);
    }
  }
  return all;
}

const WORDS =
  /^(by|and|on|or|unless|sum|min|max|count|rate|increase|changes|time|histogram_quantile|max_over_time|label_values)$/;
const OF_PROMETHEUS = ['job', 'instance'];

/** What a query names that the server does not have. */
function unknownIn(query: string): string[] {
  const wrong: string[] = [];
  const grouped = new Set([...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap((found) => found[1]!.split(/, */)));
  const seen = new Set(OF_PROMETHEUS);
  const bare = query.replace(/\bby \([^)]*\)/g, '').replace(/\[[^\]]*\]/g, '');
  for (const [, name, selectors = ''] of bare.matchAll(/\b([a-zA-Z_]\w*)(?:\{([^}]*)\})?/g)) {
    if (WORDS.test(name!) || name === 'up') continue;
    const labels = figures.get(name!);
    if (!labels) wrong.push(name!);
    for (const label of labels?.keys() ?? []) seen.add(label);
    for (const [, label, sign, value] of selectors.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
      if (OF_PROMETHEUS.includes(label!)) continue;
      const values = [...(labels?.get(label!) ?? [])];
      // Of routes and statuses only those that happened are there.
      const isKnown = name === 'http_requests_total' ? values.length > 0 : value!.split('|').every((one) => values.includes(one));
      if (!isKnown) wrong.push(`${name}{${label}${sign}"${value}"}`);
    }
  }
  for (const label of grouped) if (!seen.has(label)) wrong.push(`by (${label})`);
  return wrong;
}

test('the check of queries finds what is wrong with one', () => {
  expect(unknownIn('sum by (job, le) (rate(notification_latency_seconds_bucket{job="x"}[5m])) > 0.2 * time()')).toEqual([]);
  expect(unknownIn('sum by (rout) (http_requests_total) + no_such_total{a="b"}')).toEqual([
    'no_such_total',
    'no_such_total{a="b"}',
    'by (rout)',
  ]);
  expect(unknownIn('websocket_close_total{code=~"4013|4014"} + kafka_partitions{topic="a"}')).toHaveLength(2);
});

test('every figure is described', () => {
  const described = new Set([...page.matchAll(/`([a-z_]+)(?:\{[^`]*\})?`/g)].map((found) => found[1]!));
  const shown = [...figures.keys()]
    .map((name) => name.replace(/_(bucket|sum|count)$/, ''))
    .filter((name) => !name.startsWith('process_'));
  expect([...new Set(shown)].filter((name) => !described.has(name))).toEqual([]);
});

describe('the alert rules', () => {
  test.each([
    ['check', 'tidings.rules.yml'],
    ['test', 'tidings.rules.test.yml'],
  ])('promtool %s rules', (verb, file) => {
    const ran = spawnSync('promtool', [verb, 'rules', file], { cwd: PROMETHEUS, encoding: 'utf8' });
    expect(ran.stdout + ran.stderr).toContain('SUCCESS');
    expect(ran.status, ran.stdout + ran.stderr).toBe(0);
  });

  test('speak of figures that exist', () => {
    const queries = [...rules.matchAll(/expr: (?:\|\n((?: {10}.*\n)+)|(.*))/g)].map((found) => found[1] ?? found[2]!);
    expect(queries.length).toBe([...rules.matchAll(/alert: /g)].length);
    expect(queries.flatMap(unknownIn)).toEqual([]);
  });
});

test('the dashboard speaks of figures that exist', () => {
  const boards = readdirSync(join(ROOT, 'deploy/grafana')).filter((name) => name.endsWith('.json'));
  expect(boards).toEqual(['tidings.json']);
  const board = JSON.parse(readFileSync(join(ROOT, 'deploy/grafana', boards[0]!), 'utf8'));
  const panels = board.panels as { id: number; title: string; targets?: { expr: string }[] }[];
  const queries = [
    ...panels.flatMap((panel) => (panel.targets ?? []).map((target) => target.expr)),
    ...board.annotations.list.map((one: { expr: string }) => one.expr),
  ] as string[];
  expect(queries.length).toBeGreaterThan(40);
  expect(queries.flatMap(unknownIn)).toEqual([]);
  for (const query of queries) expect(query).toContain('instance=~"$instance"');
  expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
});

describe('Prometheus', () => {
  let prometheus: ChildProcess;
  let at: string;
  let said = '';

  beforeAll(async () => {
    at = `127.0.0.1:${await freePort()}`;
    const file = join(folder, 'prometheus.yml');
    writeFileSync(
      file,
      JSON.stringify({
        global: { scrape_interval: '250ms', scrape_timeout: '250ms', evaluation_interval: '250ms' },
        rule_files: [join(PROMETHEUS, 'tidings.rules.yml')],
        scrape_configs: [{ job_name: 'tidings', static_configs: [{ targets: [metricsAt] }] }],
      }),
    );
    const flags = [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${at}`];
    prometheus = spawn('setpriv', ['--pdeathsig', 'KILL', 'prometheus', ...flags]);
    for (const stream of [prometheus.stdout, prometheus.stderr]) stream!.on('data', (text) => (said += text));
  });
  afterAll(() => void prometheus?.kill('SIGKILL'));

  test('scrapes the server, and evaluates every rule', async () => {
    const get = async (path: string) => {
      const answer = await ask(`http://${at}/api/v1/${path}`, { plain: true }).catch(() => undefined);
      return answer?.status === 200 ? answer.json.data : undefined;
    };
    const sample = await until(`a scrape: ${said}`, async () => (await get('query?query=tidings_ready'))?.result[0], 20_000);
    expect(sample.metric).toMatchObject({ job: 'tidings', instance: metricsAt });
    expect(sample.value[1]).toBe('1');
    const judged = await until(
      'every rule',
      async () => {
        const all = (await get('rules'))?.groups[0]?.rules as { name: string; health: string; lastError?: string }[];
        return all?.every((rule) => rule.health !== 'unknown') ? all : undefined;
      },
      20_000,
    );
    expect(judged).toHaveLength([...rules.matchAll(/alert: /g)].length);
    expect(judged.filter((rule) => rule.health !== 'ok')).toEqual([]);
    const targets = (await get('targets')).activeTargets as { lastError: string }[];
    expect(targets.map((target) => target.lastError)).toEqual(['']);
  });
});
