import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { until } from '../support/until.js';

const SIM = fileURLToPath(new URL('../../dist/apps/triton-sim/src/main.js', import.meta.url));
const MODEL = '/v1/models/resnet50';

/** What the simulated Triton says of where it listens. */
interface Listening {
  readonly grpc: string;
  readonly http: string;
  readonly metrics: string;
  readonly admin: string;
}

let triton: ChildProcess;
let at: Listening;
let berth: BerthProcess;

beforeAll(async () => {
  const ports = ['grpc', 'http', 'metrics', 'admin'].flatMap((port) => [`--${port}`, '127.0.0.1:0']);
  triton = spawn(process.execPath, [SIM, '--speed', '20', ...ports], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: triton.stdout! }), 'line')) as [string];
  at = JSON.parse(line) as Listening;
  const { grpc, http, metrics } = at;
  berth = await startBerth({ config: { servers: [{ id: 'a', grpc, http, metrics }] } });
  await berth.ready();
});

afterAll(async () => {
  await berth.remove();
  triton.kill('SIGKILL');
});

/** A copy that the simulated Triton has. */
interface Copy {
  readonly id: number;
  readonly model: string;
}

async function copies(): Promise<Copy[]> {
  const state = (await (await fetch(`${at.admin}/state`)).json()) as { copies: Copy[] };
  return state.copies.filter(({ model }) => model === 'resnet50');
}

const route = async (): Promise<{ status: number }> =>
  berth.request('POST', `${MODEL}/resolve`, { waitMs: 0 });

const phase = async (): Promise<string | undefined> =>
  (await berth.request<{ copies: { phase: string }[] }>('GET', MODEL)).body.copies[0]?.phase;

/** The server is stopped just before it is told to unload, and goes on once Berth has given up waiting for an answer. */
async function unloadWhileFrozen(): Promise<void> {
  triton.kill('SIGSTOP');
  await berth.request('POST', `${MODEL}/unload`, { force: true });
  await until(async () => (await phase()) === 'unknown');
  triton.kill('SIGCONT');
}

describe('an unload whose deadline passes while its server is frozen', () => {
  let before: Copy[];

  beforeEach(async () => {
    const loaded = await berth.request('POST', `${MODEL}/resolve`, { waitMs: 30_000 });
    expect(loaded.status).toBe(200);
    before = await copies();
    expect(before).toHaveLength(1);
  });

  it('is dropped by the server, and the copy gets routes again once looks have settled that', async () => {
    await unloadWhileFrozen();
    await until(async () => (await route()).status === 200);
    expect(await copies()).toEqual(before);
  });

  it('is carried out by a server that takes it late: the copy gets no route any more', async () => {
    await fetch(`${at.admin}/faults`, { method: 'POST', body: JSON.stringify({ kind: 'takesLate' }) });
    await unloadWhileFrozen();
    await until(async () => (await phase()) === undefined);
    expect(await copies()).toEqual([]);
  });
});
