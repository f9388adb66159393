import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makePlan } from '../simulation/make-plan.js';
import type { Plan } from '../simulation/plan.js';
import { planText } from '../simulation/shrink-text.js';
import { PATIENCE_MS } from '../support/until.js';

/** `npm run sim`, without its set-up: the same script runs what was compiled. */

const SIM = fileURLToPath(new URL('../../dist/test/simulation/sim.js', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-sim-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('npm run sim', () => {
  it('plays seeds side by side, and prints the same for the same options but for what takes time', async () => {
    const options = ['--seeds', '4', '--hours', '0.02', '--from', '7', '--jobs', '2'];
    const [once, twice] = [await sim(...options), await sim(...options)];
    expect(once.status).toBe(0);
    expect(once.stdout).toMatch(/^seeds +4$/m);
    expect(once.stdout).toMatch(/^violations +0$/m);
    expect(untimed(twice.stdout)).toBe(untimed(once.stdout));
  });

  it.each([
    [['--seeds', 'many'], "berth: --seeds is a whole number from 1 to 1000000, not 'many'"],
    [['--speed', '3'], "berth: Unknown option '--speed'"],
    [['--plan', join('no', 'such.json')], 'berth: --plan no/such.json cannot be read'],
  ])('says which option makes no sense: %j', async (options, message) => {
    const { status, stderr } = await sim(...options);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it('says where a plan is wrong, line by line', async () => {
    const text = planText(makePlan(1, { hours: 0.01 })).replace('"storm": ', '"stormy": ');
    const { status, stderr } = await sim('--plan', await file('wrong.json', text));
    expect(status).toBe(2);
    expect(stderr).toMatch(/line \d+: stormy: unknown key/);
  });

  it('says what a plan breaks', async () => {
    const { status, stdout } = await sim('--plan', await file('lying.json', planText(lying())));
    expect(stdout).toMatch(/m1@s0 ran out of memory on 0 without a cause/);
    expect(status).toBe(1);
  });

  it('ends with all it has started when it is interrupted', async () => {
    const child = spawn(process.execPath, [SIM, '--seeds', '1000', '--hours', '5', '--jobs', '2']);
    const ended = once(child, 'close');
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    // The pipe that all of them write to closes with the last of them.
    expect((await ended)[0]).toBe(130);
  });
});

/** A GPU with half the memory it is declared with, and no metrics: nothing that decides by what it was told can keep two models apart. */
function lying(): Plan {
  const plan = makePlan(1, { hours: 0.02 });
  const gib = 2 ** 30;
  const devices = [{ ordinal: 0, uuid: 'GPU-s0-0', memoryBytes: 8 * gib }];
  const [server, model] = [plan.servers[0]!, plan.models[0]!];
  const ask = plan.happenings.find((one) => one.kind === 'ask')!;
  const names = ['m0', 'm1'] as unknown as (typeof model.model.id)[];
  return {
    ...plan,
    servers: [
      {
        ...server,
        setup: { ...server.setup, devices },
        spec: {
          ...server.spec,
          id: 's0' as never,
          devices: [{ ordinal: 0, uuid: 'GPU-s0-0', memory: 16 * gib, headroom: gib }],
          labels: {},
          hostMemory: null,
          discover: true,
        },
        isDeclared: true,
        hasMetrics: false,
        lateBy: 0,
      },
    ],
    models: names.map((id) => ({
      ...model,
      isDeclared: true,
      model: {
        ...model.model,
        id,
        gpuBytes: 6 * gib,
        hostBytes: gib,
        require: {},
        config: null,
        dependsOn: [],
      },
      disk: { name: id, gpuBytes: 6 * gib, hostBytes: gib, loadMs: 50, unloadMs: 50, inferMs: 5 },
    })),
    happenings: names.map((id, nth) => ({
      ...ask,
      at: 10_000 + 2_000 * nth,
      model: id,
      count: 1,
      avoid: [],
    })),
  };
}

const untimed = (stdout: string): string => stdout.replace(/^wall time.*$/m, '');

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sim(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [SIM, ...args],
      { cwd: folder, timeout: PATIENCE_MS },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}
