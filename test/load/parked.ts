import { setTimeout as sleep } from 'node:timers/promises';
import { ON_ONE_GPU } from '../support/on-one-gpu.js';
import { startBerth } from './berth.js';
import { type Figure, rounded } from './figure.js';
import { Caller } from './rpc.js';
import { startSimulated } from './triton.js';
import { residentMb } from './usage.js';

const GOAL_MB = 512;
const MODELS = 100;
const PARKED = 5_000;
const CONNECTIONS = 20;
/** No load ends during the run, so none can tell that it takes so long. */
const LOAD_MS = 600_000;
const WAIT_MS = 300_000;
const HELD_MS = 20_000;
const EVERY_MS = 250;
/** Between a hundred and the next: faster than that the event loop is late, and the queues shrink by half (`pressure`). */
const PAUSE_MS = 50;
const MIB = 2 ** 20;

/** What the scheduler holds in memory while as many wait as may: the most it was seen to, garbage and all. */
export async function parked(): Promise<Figure> {
  const models = Array.from({ length: MODELS }, (_, at) => `p${at}`);
  const onDisk = models.map((name) => ({ name, gpuBytes: 256 * MIB, loadMs: LOAD_MS, config: ON_ONE_GPU }));
  const triton = await startSimulated(onDisk);
  const berth = await startBerth(
    [triton],
    { defaults: { coldStart: { maxWaitMs: WAIT_MS } } },
    { flags: ['--max-semi-space-size=32'] },
  );
  const callers = Array.from({ length: CONNECTIONS }, () => new Caller(berth.grpc));
  const idleMb = residentMb(berth.pid);
  let answered = 0;
  const answer = (): void => void (answered += 1);
  try {
    for (let nth = 0; nth < PARKED; nth += 1) {
      const request = { model: models[nth % MODELS], waitMs: WAIT_MS };
      callers[nth % CONNECTIONS]!.resolve(request).then(answer, answer);
      if (nth % MODELS === 0) await sleep(PAUSE_MS);
    }
    const value = await mostHeld(berth.pid);
    const waiting = PARKED - answered;
    return {
      ...{
        name: 'parked',
        value,
        unit: `MiB held while ${PARKED} cold requests wait`,
        goal: `<= ${GOAL_MB}`,
      },
      met: value <= GOAL_MB && waiting === PARKED,
      details: { waiting, idleMb: rounded(idleMb), models: MODELS, connections: CONNECTIONS },
    };
  } finally {
    for (const caller of callers) caller.close();
    await berth.end();
    await triton.end();
  }
}

async function mostHeld(pid: number): Promise<number> {
  let most = 0;
  for (let waited = 0; waited < HELD_MS; waited += EVERY_MS) {
    await sleep(EVERY_MS);
    most = Math.max(most, residentMb(pid));
  }
  return most;
}
