// SPDX-License-Identifier: MIT
// What SECURITY.md names is there: the metric that shows an attack, the place that bounds it, the test that holds it to that.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const page = read('SECURITY.md');
const metrics = read('docs/operating.md').split('\n## Metrics\n')[1]!.split('\n## ')[0]!;
const abuse = read('tests/e2e/abuse.test.ts');

interface Row {
  attack: string;
  metric: string[];
  where: string[];
  test: string[];
}
const rowsOf = (text: string): Row[] =>
  [...text.matchAll(/^\| ([^|]+) \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)]
    .map(([, attack, ...cells]) => [attack!, ...cells.map((cell) => [...cell!.matchAll(/`([^`]+)`/g)].map((word) => word[1]!))])
    .map(([attack, metric, where, test]) => ({ attack, metric, where, test }) as Row)
    .filter((row) => row.where.length > 0);

/** A file of that path, or with … at its end one that begins so. */
const isThere = (path: string): boolean =>
  path.includes('…')
    ? readdirSync(join(ROOT, dirname(path))).some((name) => join(dirname(path), name).startsWith(path.split('…')[0]!))
    : existsSync(join(ROOT, path));

function isTest(name: string): boolean {
  const [kind, ...rest] = name.split('/');
  if (kind === 'unit') return isThere(`tests/unit/${rest[0]}/test_${rest[1]}${name.endsWith('…') ? '' : '.c'}`);
  if (kind === 'e2e') return isThere(`tests/e2e/${rest[0]}.test.ts`);
  if (kind === 'bench') return isThere(name);
  return abuse.includes(`['${name}', `) || abuse.includes(`, '${name}', `);
}

describe('of each attack', () => {
  const rows = rowsOf(page);
  test.each(rows.map((row): [string, Row] => [row.attack, row]))('%s', (_, row) => {
    const names = row.metric.map((one) => one.replace(/[{…].*/, ''));
    expect(names.filter((name) => !metrics.includes(`\`${name}`))).toEqual([]);
    expect(row.where.filter((path) => !isThere(join('src', path)) && !isThere(path))).toEqual([]);
    expect(row.test.length).toBeGreaterThan(0);
    expect(row.test.filter((name) => !isTest(name))).toEqual([]);
  });

  test('there are as many as one would think', () => expect(rows.length).toBeGreaterThan(30));
});

test('every flood is tried beside a bystander, and every abuse is in the table', () => {
  const floods = rowsOf(page.split('\n### Floods\n')[1]!.split('\n### ')[0]!);
  expect(floods.length).toBeGreaterThan(15);
  expect(floods.filter((row) => !row.test.some((name) => !name.includes('/'))).map((row) => row.attack)).toEqual([]);
  const tried = [...abuse.matchAll(/\['([a-z-]+)', \d+, |judge\(shared\(\), '([a-z-]+)'/g)].map((found) => found[1] ?? found[2]!);
  expect(tried.length).toBeGreaterThan(15);
  expect(tried.filter((kind) => !floods.some((row) => row.test.includes(kind)))).toEqual([]);
});
