import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig } from '#config';
import { readFlags } from '../../apps/triton-sim/src/flags.js';
import { parseAddress } from '../../apps/triton-sim/src/gate.js';
import { OwnAuthority } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { ended, listening } from '../support/http-server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const DOCKERFILE = read('deploy/Dockerfile');

const linesOf = (instruction: string): string[] =>
  [...DOCKERFILE.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, rest = '']) => rest);

describe('deploy/Dockerfile', () => {
  it('copies files that there are', () => {
    const copied = linesOf('COPY').filter((rest) => !rest.startsWith('--from'));
    const sources = copied.flatMap((rest) => rest.split(' ').slice(0, -1));
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('starts what the unit of systemd starts, as a user of its own', () => {
    const [, , ...unit] = /^ExecStart=(.*)$/m.exec(read('deploy/berth.service'))![1]!.split(' ');
    const [entry] = linesOf('ENTRYPOINT').map((rest) => JSON.parse(rest) as string[]);
    expect(entry?.slice(2)).toEqual(unit);
    expect([linesOf('USER'), linesOf('VOLUME')]).toEqual([['node'], ['/data']]);
    expect(linesOf('ENV')).toEqual(['NODE_ENV=production BERTH_LISTEN=0.0.0.0 BERTH_DATA=/data']);
  });
});

it('deploy/compose.yaml builds that image, with a volume for /data', () => {
  const { services, volumes } = parse(read('deploy/compose.yaml')) as {
    services: {
      berth: { build: Record<'context' | 'dockerfile', string>; volumes: string[]; ports: string[] };
    };
    volumes: object;
  };
  const { build, volumes: mounted, ports } = services.berth;
  expect(existsSync(join(ROOT, 'deploy', build.context, build.dockerfile))).toBe(true);
  expect([Object.keys(volumes), mounted]).toEqual([['data'], ['data:/data']]);
  expect(ports.map((port) => port.split(':')[1])).toEqual(linesOf('EXPOSE')[0]!.split(' '));
});

describe('several Berths', () => {
  const kubernetes = ['berth', 'redis', 'tritons'].flatMap((name) =>
    parseAllDocuments(read(`deploy/kubernetes/${name}.yaml`)).map((document) => document.toJS() as Manifest),
  );
  const map = kubernetes.find(({ kind }) => kind === 'ConfigMap')!;

  const configurations = [
    ['deploy/berth.replicas.yaml', read('deploy/berth.replicas.yaml')],
    ['deploy/kubernetes/berth.yaml', map.data!['berth.yaml']!],
  ] as const;
  const { services } = parse(read('deploy/compose.replicas.yaml'), { merge: true }) as {
    services: Record<string, { image: string; entrypoint?: string[]; command?: string[] }>;
  };
  const composed = Object.entries(services);

  it.each(configurations)('have a configuration that Berth takes: %s', (path, text) => {
    const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    const secrets = { 'redis-password': 'secret', 'peer-key': 'x'.repeat(64), 'ca.pem': pem };
    const files = new Map(
      Object.entries(secrets).map(([name, secret]) => [`/run/secrets/berth/${name}`, { text: secret }]),
    );
    const result = readConfig({ file: { path, text }, env: {}, flags: { triton: [] }, files });
    expect(result.ok ? [] : result.errors).toEqual([]);
  });

  it('are three, with what they name: each claims only services and secrets that there are', () => {
    const names = ['berth-1', 'berth-2', 'berth-3', 'redis', 'triton-a', 'triton-b'];
    expect(Object.keys(services).toSorted()).toEqual(names);
    const set = kubernetes.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === 'berth');
    expect(set?.spec).toMatchObject({ replicas: 3, serviceName: 'berth-peers' });
    const told = kubernetes.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
    expect(told).toEqual(['berth', 'berth-peers', 'redis', 'triton-a', 'triton-b']);
  });

  it.each([
    ['compose', composed.map(([, { entrypoint = [], command = [] }]) => [...entrypoint, ...command])],
    ['Kubernetes', kubernetes.flatMap(({ spec }) => spec?.template?.spec.containers ?? []).map(commandOf)],
  ])('stand in front of simulated Tritons with the devices that they name: %s', (_, commands) => {
    const simulated = commands.filter((words) => words[1]?.includes('triton-sim'));
    const options = simulated.map((words) => readFlags(words.slice(2)));
    expect(options.map(({ id }) => id)).toEqual(['triton-a', 'triton-b']);
    for (const { grpc, http, metrics, id } of options) {
      const ports = Object.entries({ grpc, http, metrics }).map(([flag, text]) => parseAddress(flag, text!));
      expect(ports.map(({ host, port }) => `${host}:${port}`)).toEqual(
        [8_001, 8_000, 8_002].map((port) => `0.0.0.0:${port}`),
      );
      for (const [, text] of configurations) expect(text).toContain(`uuid: GPU-${id}-1,`);
    }
  });
});

/** What is read of a manifest. */
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Container {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

function commandOf({ command = [], args = [] }: Container): string[] {
  return [...command, ...args];
}

describe('deploy/healthcheck.mjs', () => {
  const [script] = linesOf('HEALTHCHECK').map((rest) => JSON.parse(/CMD (.*)$/.exec(rest)![1]!) as string[]);

  /** With a server that answers so. */
  async function statusBeside(server: Server): Promise<number> {
    await listening(server);
    const { port } = server.address() as AddressInfo;
    const env = { ...process.env, BERTH_HTTP: `0.0.0.0:${port}` };
    const checked = promisify(execFile)(process.execPath, [join(ROOT, script![1]!)], { env });
    const status = await checked.then(
      () => 0,
      ({ code }: { code: number }) => code,
    );
    await ended(server, []);
    return status;
  }

  it('is content with an answer over TLS or in the clear, and with nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'berth-health-'));
    const pair = await (await OwnAuthority.open(folder, 'berth', Date.now())).sign(['elsewhere'], Date.now());
    const answers =
      (status: number) =>
      ({ url }: IncomingMessage, response: ServerResponse) =>
        response.writeHead(url === '/health/live' ? status : 404).end();
    expect(await statusBeside(createServer(answers(200)))).toBe(0);
    expect(await statusBeside(createSecure(pair, answers(200)) as Server)).toBe(0);
    expect(await statusBeside(createServer(answers(503)))).toBe(1);
    await rm(folder, { recursive: true, force: true });
  });
});
