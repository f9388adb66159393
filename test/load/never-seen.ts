import { setTimeout as sleep } from 'node:timers/promises';
import { ON_ONE_GPU } from '../support/on-one-gpu.js';
import { startBerth } from './berth.js';
import type { Figure } from './figure.js';
import { Caller } from './rpc.js';
import { startSimulated } from './triton.js';

const MODELS = 200;
const GPUS = 8;
const LOAD_MS = 2_000;
const MIB = 2 ** 20;
const PARTS = { gpuBytes: 256 * MIB, loadMs: LOAD_MS, config: ON_ONE_GPU };
const ENSEMBLE = 'ensemble';
/** What it would take one load after the other: at most one model of a pending config is loaded beside others. */
const ONE_BY_ONE = MODELS * LOAD_MS;
const MOST = 1.5 * ONE_BY_ONE;
const GIVE_UP_MS = 2 * ONE_BY_ONE;
const AGAIN_MS = 250;

/** How long it takes until models are warm that Berth has never seen, on one server that has an ensemble. */
export async function neverSeen(): Promise<Figure> {
  const names = Array.from({ length: MODELS }, (_, at) => `m${at}`);
  const onDisk = ['step', ...names].map((name) => ({ name, ...PARTS }));
  const ensemble = { name: ENSEMBLE, steps: ['step'] };
  const triton = await startSimulated([...onDisk, ensemble], { gpus: GPUS, 'gpu-memory-mb': 81_920 });
  const defaults = { gpuMemoryLimitMb: 256, coldStart: { maxWaitMs: 60_000 } };
  const berth = await startBerth([triton], { defaults, limits: { loadsPerDevicePerMinute: 60 } });
  const caller = new Caller(berth.grpc);
  try {
    await warm(caller, ENSEMBLE);
    const began = performance.now();
    await Promise.all(names.map((name) => warm(caller, name)));
    const value = performance.now() - began;
    return {
      ...{ name: 'never_seen', value, unit: `ms until ${MODELS} models of ${LOAD_MS} ms are warm` },
      ...{ goal: `<= ${MOST}, 1.5 x one after the other`, met: value <= MOST },
      details: { gpus: GPUS, loads: await triton.copiesMade() },
    };
  } finally {
    caller.close();
    await berth.end();
    await triton.end();
  }
}

/** Asks for a model until it is there. */
async function warm(caller: Caller, model: string): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    const isThere = await caller.resolve({ model, waitMs: 60_000, leaseMs: 1_000 }).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    if (performance.now() > giveUpAt) throw new Error(`${model} was not warm within ${GIVE_UP_MS} ms`);
    await sleep(AGAIN_MS);
  }
}
