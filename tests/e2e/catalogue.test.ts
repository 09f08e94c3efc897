// SPDX-License-Identifier: MIT
// The kinds of message: schemas that take every sample and refuse every counterexample, and each kind through its endpoint.
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sharedTidings, type Tidings } from './support/tidings';
import { listen } from './support/wsClient';

const CATALOGUE = join(__dirname, '../../catalogue');
const SUBMISSION = 123; // the one that the samples speak of
const UUID = '6f1c2a34-8b1d-4c55-9a30-0c2f7a9b1e21';

interface Schema {
  oneOf: { $ref: string }[];
  $defs: Record<string, unknown>;
}

interface Dialect {
  name: string;
  schema: Schema;
  validate: ValidateFunction;
  kinds: string[];
}

interface Sample {
  file: string;
  text: string;
  value: unknown;
}

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });

const dialects: Dialect[] = ['huleedu', 'huleedu-status', 'hailango', 'submissions'].map((name) => {
  const schema = JSON.parse(readFileSync(join(CATALOGUE, `${name}.json`), 'utf8')) as Schema;
  const kinds = schema.oneOf.map(({ $ref }) => $ref.replace('#/$defs/', ''));
  return { name, schema, validate: ajv.compile(schema), kinds };
});

function samplesIn(folder: string): Sample[] {
  return readdirSync(join(CATALOGUE, 'samples', folder))
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const text = readFileSync(join(CATALOGUE, 'samples', folder, file), 'utf8').trim();
      return { file, text, value: JSON.parse(text) as unknown };
    });
}

/** `learning_update-least.json` is of the kind `learning_update`. */
const kindOf = (file: string): string => file.replace(/(-.*)?\.json$/, '');

describe.each(dialects)('$name', ({ name, schema, validate, kinds }) => {
  test('every reference leads to a kind', () => {
    for (const kind of kinds) expect(schema.$defs).toHaveProperty([kind]);
  });

  test.each(samplesIn(name))('$file is valid, as its kind and no other', ({ file, value }) => {
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
    const id = (schema as unknown as { $id: string }).$id;
    const fits = kinds.filter((kind) => ajv.validate({ $ref: `${id}#/$defs/${kind}` }, value));
    expect(fits).toEqual([kindOf(file)]);
  });

  test.each(samplesIn(name))('$file may have members that nobody knows', ({ value }) => {
    expect(validate({ ...(value as object), x_unknown: [1] })).toBe(true);
  });

  test.each(samplesIn(`${name}/invalid`))('$file is not', ({ file, value }) => {
    expect(validate(value)).toBe(false);
    expect(kinds).toContain(kindOf(file));
  });

  test('every kind has a sample and a counterexample', () => {
    for (const kind of kinds) {
      expect(existsSync(join(CATALOGUE, 'samples', name, `${kind}.json`)), kind).toBe(true);
      expect(samplesIn(`${name}/invalid`).map(({ file }) => kindOf(file))).toContain(kind);
    }
  });
});

test('there are 27 kinds', () => {
  expect(dialects.map(({ kinds }) => kinds.length)).toEqual([15, 1, 7, 4]);
  const kinds = dialects.flatMap(({ kinds }) => kinds);
  expect(new Set(kinds).size).toBe(27);
});

describe('through its endpoint', () => {
  const shared = sharedTidings();

  /** Connects, publishes each sample on the channel and gives what came. */
  async function relayed(
    server: Tidings,
    url: string,
    target: Record<string, unknown>,
    samples: Sample[],
    greeted: boolean,
  ): Promise<string[]> {
    const listener = await listen(url);
    if (greeted) await listener.next();
    for (const { text } of samples) expect(await server.publishText(target, text)).toEqual([1]);
    const came: string[] = [];
    for (const _ of samples) came.push(await listener.next());
    if (listener.socket.readyState === listener.socket.OPEN) await listener.leave();
    return came;
  }

  const texts = (samples: Sample[]): string[] => samples.map(({ text }) => text);

  test('huleedu relays its kinds byte for byte', async () => {
    const user = 'teacher';
    const samples = samplesIn('huleedu');
    const url = `${shared().wsUrl}?token=${shared().token(user)}`;
    expect(await relayed(shared(), url, { user }, samples, false)).toEqual(texts(samples));
  });

  test('huleedu-status relays its kind byte for byte', async () => {
    const user = 'watcher';
    const samples = samplesIn('huleedu-status');
    const url = `ws://${shared().address}/ws/v1/status/${user}?token=${shared().token(user, { sub: user })}`;
    expect(await relayed(shared(), url, { user }, samples, false)).toEqual(texts(samples));
  });

  test('hailango relays its kinds byte for byte, after its welcome', async () => {
    const samples = samplesIn('hailango');
    const token = shared().token(UUID, { email: 'learner@example.com' });
    const url = `ws://${shared().address}/api/v1/ws?token=${token}`;
    expect(await relayed(shared(), url, { user: UUID }, samples, true)).toEqual(texts(samples));
  });

  test("hailango's welcome is of its kind", async () => {
    const token = shared().token(UUID, { email: 'learner@example.com' });
    const listener = await listen(`ws://${shared().address}/api/v1/ws?token=${token}`);
    const welcome = JSON.parse(await listener.next());
    const { validate } = dialects.find(({ name }) => name === 'hailango')!;
    expect(validate(welcome), JSON.stringify(validate.errors)).toBe(true);
    expect(welcome).toMatchObject({ type: 'connection_established', payload: { userId: UUID } });
    await listener.leave();
  });

  test('submissions relays its kinds byte for byte, and closes after the last', async () => {
    const declared = await shared().call('/api/v1/submissions', { submission_id: SUBMISSION });
    expect(declared.status).toBe(201);
    const samples = samplesIn('submissions').sort(
      (a, b) => Number(a.file === 'complete.json') - Number(b.file === 'complete.json'),
    );
    const url = `ws://${shared().address}/ws/submissions/${SUBMISSION}?token=${shared().token('author')}`;
    const listener = await listen(url);
    const target = { channel: `submission:${SUBMISSION}` };
    for (const { text } of samples) expect(await shared().publishText(target, text)).toEqual([1]);
    expect(await listener.count(samples.length)).toEqual(texts(samples));
    expect((await listener.close()).code).toBe(1000);
  });
});
