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
import { parse } from 'yaml';
import { OwnAuthority } from '../../apps/scheduler/src/tls/own-authority.js';
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
