// SPDX-License-Identifier: MIT
// deploy/: what can be judged without building an image or having a cluster. The image's packages and health check, the manifests and
// the configuration in them.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from './support/run';
import { BINARY, isSanitized, sharedTidings } from './support/tidings';

const ROOT = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'tidings-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A Dockerfile's instructions, lines that go on joined. */
const instructions = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8')
  .replace(/^#.*\n/gm, '')
  .replace(/ *\\\n */g, ' ')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => ({ name: line.split(' ')[0]!, text: line.slice(line.indexOf(' ') + 1) }));
const last = (name: string): string => instructions.filter((one) => one.name === name).at(-1)!.text;

describe('the image', () => {
  test('is made in two stages, of files that exist, and nobody is root in it', () => {
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'USER', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'];
    expect(instructions.map((one) => one.name).filter((name) => !known.includes(name))).toEqual([]);
    expect(instructions.filter((one) => one.name === 'FROM').map((one) => one.text)).toEqual([
      'debian:12-slim AS build',
      'debian:12-slim',
    ]);
    expect(last('USER')).toBe('10001:10001');
    for (const { text } of instructions.filter((one) => one.name === 'COPY' && !one.text.startsWith('--from')))
      for (const source of text.split(' ').slice(0, -1)) expect(existsSync(join(ROOT, source)), source).toBe(true);
  });

  test.skipIf(isSanitized)('has the libraries that the server needs, and so has the page', () => {
    const needed = execFileSync('readelf', ['-d', BINARY], { encoding: 'utf8' });
    const late = execFileSync('grep', ['-rhoE', 'struct library library = [{] "[^"]+', join(ROOT, 'src')], { encoding: 'utf8' });
    const names = [...needed.matchAll(/\(NEEDED\).*\[(lib[^\]]+)\]/g), ...late.matchAll(/"(.+)/g)].map((found) => found[1]!);
    expect(names).toContain('libcurl.so.4');
    // What dpkg -S does, in a tenth of the time.
    const lists = spawnSync('sh', ['-c', 'cd /var/lib/dpkg/info && grep -lE "$1" *.list', 'sh', `/(${names.join('|')})$`], {
      encoding: 'utf8',
    });
    const packages = lists.stdout
      .trim()
      .split('\n')
      .map((name) => name.replace(/(:\w+)?\.list$/, ''))
      .filter((name) => !/^(libc6|libgcc)/.test(name));
    expect(packages.length).toBeGreaterThan(10);
    const page = readFileSync(join(ROOT, 'docs/operating.md'), 'utf8').split('A machine that only runs the binary')[1]!.split('`.\n')[0]!;
    const installed = instructions.filter((one) => one.name === 'RUN').at(-1)!.text;
    for (const name of packages) {
      expect(installed.split(' '), `deploy/Dockerfile`).toContain(name);
      expect(page.split(/[\s`]+/), `docs/operating.md`).toContain(name);
    }
  });

  const shared = sharedTidings();
  test('knows whether its server is healthy', () => {
    const command = JSON.parse(last('HEALTHCHECK').split(' CMD ')[1]!) as string[];
    const check = (address: string): number | null => {
      const words = command.map((word) => word.replace('127.0.0.1/8080', address.replace(':', '/')));
      return spawnSync(words[0]!, words.slice(1), { timeout: 5_000 }).status;
    };
    expect(check(shared().address)).toBe(0);
    expect(check('127.0.0.1:1')).not.toBe(0);
  });
});

describe('the manifests for Kubernetes', () => {
  const read = 'import json,sys,yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))';
  const manifests: any[] = JSON.parse(
    execFileSync('python3', ['-c', read], { input: readFileSync(join(ROOT, 'deploy/kubernetes/tidings.yaml')), encoding: 'utf8' }),
  );
  const kind = (name: string) => manifests.find((one) => one.kind === name);
  const pod = kind('Deployment').spec.template;
  const container = pod.spec.containers[0];
  const config: string = kind('ConfigMap').data['tidings.yaml'];

  test('go together', () => {
    expect(manifests.map((one) => `${one.apiVersion} ${one.kind}`)).toEqual([
      'v1 ConfigMap',
      'apps/v1 Deployment',
      'v1 Service',
      'policy/v1 PodDisruptionBudget',
    ]);
    const labels = pod.metadata.labels;
    for (const chosen of [
      kind('Deployment').spec.selector.matchLabels,
      kind('Service').spec.selector,
      kind('PodDisruptionBudget').spec.selector.matchLabels,
    ])
      expect(labels).toMatchObject(chosen);
    const ports = container.ports.map((port: { name: string }) => port.name);
    for (const probe of [container.livenessProbe, container.readinessProbe]) expect(ports).toContain(probe.httpGet.port);
    expect(ports).toContain(kind('Service').spec.ports[0].targetPort);
    const volumes = pod.spec.volumes.map((volume: { name: string }) => volume.name);
    expect(container.volumeMounts.map((mount: { name: string }) => mount.name).sort()).toEqual(volumes.sort());
  });

  test('drain before the kernel kills, one at a time, and balancers hear of it in time', () => {
    const value = (key: string) => Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(config)![1]);
    expect(kind('Deployment').spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    const drain = value('drain_delay_seconds') + value('drain_seconds') + 7;
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(drain);
    const ready = container.readinessProbe;
    expect(value('drain_delay_seconds')).toBeGreaterThan(ready.failureThreshold * (ready.periodSeconds + ready.timeoutSeconds));
    const limit = Number(/^(\d+)Mi$/.exec(container.resources.limits.memory)![1]) * 1024 * 1024;
    expect(limit).toBeGreaterThan(2 * value('queue_bytes_max') + value('unfinished_bytes_max') + 128 * 1024 * 1024);
  });

  test('run as the image does, without a privilege', () => {
    const context = pod.spec.securityContext;
    expect(`${context.runAsUser}:${context.runAsGroup}`).toBe(last('USER'));
    expect(context.runAsNonRoot).toBe(true);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('have a configuration that tidings check takes', async () => {
    const file = join(folder, 'tidings.yaml');
    writeFileSync(file, config);
    const secrets: Record<string, string> = {
      jwt: '0123456789abcdef0123456789abcdef',
      'api-keys': '["a-key"]',
      'redis-url': 'redis://user:password@redis:6379',
    };
    const env: Record<string, string> = {};
    for (const { name, value } of container.env as { name: string; value: string }[]) {
      const secret = value.split('/').at(-1)!;
      writeFileSync(join(folder, secret), secrets[secret]!);
      env[name] = join(folder, secret);
    }
    const ran = await run(['check', '-c', file], { env });
    expect(ran.err).toBe('');
    expect(ran.code).toBe(0);
    expect(container.args).toEqual(['serve', '-c', `${container.volumeMounts[0].mountPath}/tidings.yaml`]);
  });
});
