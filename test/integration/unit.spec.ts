import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UNIT = readFileSync(join(ROOT, 'deploy/berth.service'), 'utf8');

describe('deploy/berth.service', () => {
  let folder: string;
  let service: ChildProcess;
  let text: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-unit-'));
    service = startUnit(folder);
    text = '';
    for (const stream of [service.stdout!, service.stderr!]) {
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    }
  });

  afterEach(async () => {
    service.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const says = (word: string): Promise<boolean> =>
    until(() => text.includes(word) || service.exitCode !== null);

  it('starts a built clone on the example configuration, reloads it and ends it', async () => {
    await says('Berth is up');
    expect(text).toContain('triton-a (127.0.0.1:8001)');
    const [, http] = /HTTP +(\S+)/.exec(text)!;
    expect((await fetch(`${http}/health/live`)).status).toBe(200);
    expect(valueOf('ExecReload')).toBe('/bin/kill -HUP $MAINPID');
    service.kill('SIGHUP');
    await says('the configuration was taken up');
    service.kill('SIGTERM');
    const [status] = await once(service, 'close');
    expect([status, text]).toEqual([0, expect.stringContaining('shutting down; the models stay loaded')]);
  });
});

/** Does what the unit says, but with this clone, this Node, and a folder of the test's own. */
function startUnit(folder: string): ChildProcess {
  if (!existsSync(join(ROOT, 'dist'))) throw new Error('there is no dist/: run `npm run build` first');
  const [node, ...args] = valueOf('ExecStart').split(' ');
  expect([node, valueOf('WorkingDirectory')]).toEqual(['/usr/bin/node', '/opt/berth']);
  const told = [...UNIT.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  const own = {
    BERTH_CONFIG: join(ROOT, 'deploy/berth.yaml'),
    BERTH_DATA: join(folder, 'data'),
    BERTH_HTTP: '127.0.0.1:0',
    BERTH_GRPC: '127.0.0.1:0',
  };
  const env = { PATH: process.env['PATH'], ...Object.fromEntries(told), ...own };
  return spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

const valueOf = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(UNIT)?.[1] ?? '';
