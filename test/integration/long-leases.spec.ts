import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LearnedLeases } from '#engine';
import { openRows } from '#store-sqlite';
import { openStore, StoreUnusable } from '#store';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { PATIENCE_MS, until } from '../support/until.js';

const MIB = 2 ** 20;
const LONG_MS = 300_000;
const MODELS = ['long', 'short'].map((name) => ({ name, gpuBytes: 700 * MIB, loadMs: 20 }));
const DEFAULTS = { idleUnloadSeconds: 1, minResidencySeconds: 0 };
/** The end is stored in whole seconds; two clocks, each read to the millisecond, are in it twice. */
const LATE_MS = 1_000 + 4;

interface ModelBody {
  readonly state: string;
  readonly copies: readonly { readonly phase: string; readonly inUseUntil: string | null }[];
}

/**
 * What a store says of leases. A copy is read, since the process that has the store keeps all others out; one that was taken
 * in the middle of a write may be refused, and then says nothing.
 */
async function storedLeases(dataDir: string): Promise<LearnedLeases> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-store-'));
  try {
    await cp(dataDir, folder, { recursive: true });
    const store = await openStore(await openRows(folder), { fleet: 'berth' });
    const { leases } = await store.learned.read();
    await store.close();
    return leases.get('a' as never) ?? {};
  } catch (error) {
    if (error instanceof StoreUnusable && error.reason === 'damaged') return {};
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('a lease that is longer than the default', () => {
  let triton: RunningSim;
  let berth: BerthProcess;

  beforeEach(async () => {
    triton = await startTritonSim({ models: MODELS, gpus: 1 });
  });

  afterEach(async () => {
    await berth.remove();
    await triton.close();
  });

  async function firstLife(): Promise<void> {
    const { grpc, http, metrics } = triton.addresses;
    berth = await startBerth({ config: { servers: [{ id: 'a', grpc, http, metrics }], defaults: DEFAULTS } });
    await berth.ready();
  }

  async function lease(model: string, leaseMs?: number): Promise<void> {
    const asked = { waitMs: PATIENCE_MS, ...(leaseMs === undefined ? {} : { leaseMs }) };
    const { status, body } = await berth.request('POST', `/v1/models/${model}/resolve`, asked);
    expect([status, body]).toMatchObject([200, { leaseMs: leaseMs ?? 10_000 }]);
  }

  const model = async (name: string): Promise<ModelBody> =>
    (await berth.request<ModelBody>('GET', `/v1/models/${name}`)).body;

  const inUseUntil = async (name: string): Promise<number> =>
    Date.parse(await until(async () => (await model(name)).copies[0]?.inUseUntil));

  async function unload(name: string): Promise<void> {
    expect((await berth.request('POST', `/v1/models/${name}/unload`)).status).toBe(202);
  }

  const isServing = (name: string): boolean =>
    triton.sim.copies().some((copy) => copy.model === name && copy.phase === 'serving');

  /** An unload waits for it, as long as was promised, and not for the other model, which has the default lease alone. */
  async function expectKept(promised: number): Promise<void> {
    await berth.start();
    await berth.ready();
    const end = await inUseUntil('long');
    expect(end).toBeGreaterThanOrEqual(promised);
    expect(end).toBeLessThanOrEqual(promised + LATE_MS);
    await unload('long');
    await unload('short');
    await until(async () => (await model('short')).state === 'absent');
    expect(isServing('long')).toBe(true);
    expect(await model('long')).toMatchObject({ state: 'draining', copies: [{ phase: 'draining' }] });
    expect(await inUseUntil('long')).toBe(end);
  }

  it('is stored where Berth is asked to end, as the only one, and holds in its next life', async () => {
    await firstLife();
    await lease('short');
    await lease('long', LONG_MS);
    const promised = await inUseUntil('long');
    await berth.stop();
    expect(Object.keys(await storedLeases(berth.dataDir))).toEqual(['long']);
    await expectKept(promised);
  });

  it('holds in its next life where Berth is killed after it was stored, which nothing waits for', async () => {
    await firstLife();
    await lease('short');
    await lease('long', LONG_MS);
    const promised = await inUseUntil('long');
    await until(async () => 'long' in (await storedLeases(berth.dataDir)));
    await berth.kill();
    await expectKept(promised);
  });
});
