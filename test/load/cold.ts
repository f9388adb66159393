import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningBerth, startBerth } from './berth.js';
import { type Figure, median, rounded } from './figure.js';
import { Caller } from './rpc.js';
import { type RunningTriton, startTriton } from './triton.js';

/** The same model three times: two that take turns, and one that is never loaded before the crowd comes. */
const DIRECT = 'cold-direct';
const BERTH = 'cold-berth';
const CROWD = 'cold-crowd';
const ROUNDS = 9;
const CALLERS = 1_000;
const GOAL = { share: 1.05, ms: 10 };
const UNLOAD_MS = 30_000;
const POLL_MS = 20;

/** What a cold start costs through Berth beside the load alone, and what a crowd makes of one. */
export async function cold(): Promise<Figure[]> {
  const triton = await startTriton([DIRECT, BERTH, CROWD]);
  const settings = { defaults: { gpuMemoryLimitMb: 256, coldStart: { maxQueue: CALLERS } } };
  const berth = await startBerth([triton], settings);
  const callers = { berth: new Caller(berth.grpc), triton: new Caller(triton.grpc) };
  try {
    return [await alone(berth, callers, triton.kind), await crowd(callers.berth, triton)];
  } finally {
    for (const caller of Object.values(callers)) caller.close();
    await berth.end();
    await triton.end();
  }
}

interface Callers {
  readonly berth: Caller;
  readonly triton: Caller;
}

async function alone({ http }: RunningBerth, callers: Callers, kind: string): Promise<Figure> {
  const viaBerth = async (): Promise<number> => {
    const took = await timed(() => callers.berth.resolve({ model: BERTH, leaseMs: 0 }));
    await unloadByBerth(http, callers.triton);
    return took;
  };
  const directly = async (): Promise<number> => {
    const took = await timed(() => callers.triton.triton('RepositoryModelLoad', { model_name: DIRECT }));
    await callers.triton.triton('RepositoryModelUnload', { model_name: DIRECT });
    await isUnloaded(callers.triton, DIRECT);
    return took;
  };
  for (const way of [viaBerth, directly]) await way();
  const times = { berth: [] as number[], direct: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round % 2 === 0) times.berth.push(await viaBerth());
    times.direct.push(await directly());
    if (round % 2 === 1) times.berth.push(await viaBerth());
  }
  const [value, direct] = [median(times.berth), median(times.direct)];
  const most = direct * GOAL.share + GOAL.ms;
  return {
    ...{ name: 'cold_start', value, unit: 'ms', goal: `<= ${GOAL.share} x direct + ${GOAL.ms} ms` },
    met: value <= most,
    details: { directMs: rounded(direct), goalMs: rounded(most), rounds: ROUNDS, triton: kind },
  };
}

async function crowd(caller: Caller, triton: RunningTriton): Promise<Figure> {
  const began = performance.now();
  const answers = await Promise.allSettled(
    Array.from({ length: CALLERS }, () => caller.resolve({ model: CROWD })),
  );
  const took = performance.now() - began;
  const routed = answers.filter(({ status }) => status === 'fulfilled').length;
  const loads = await triton.initialisations(CROWD);
  return {
    ...{ name: 'cold_crowd', value: loads, unit: 'loads', goal: `1, and ${CALLERS} routed` },
    met: loads === 1 && routed === CALLERS,
    details: { callers: CALLERS, routed, tookMs: rounded(took), triton: triton.kind },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Asked of Berth, and then waited for until Triton says so too. */
async function unloadByBerth(http: string, triton: Caller): Promise<void> {
  const answer = await fetch(`${http}/v1/models/${BERTH}/unload?waitMs=${UNLOAD_MS}`, { method: 'POST' });
  if (!answer.ok) throw new Error(`unload: ${answer.status} ${await answer.text()}`);
  await isUnloaded(triton, BERTH);
}

interface Index {
  readonly models: readonly { readonly name: string; readonly state: string }[];
}

async function isUnloaded(triton: Caller, model: string): Promise<void> {
  const giveUpAt = Date.now() + UNLOAD_MS;
  for (;;) {
    const { models } = await triton.triton<Index>('RepositoryIndex', {});
    if (models.find(({ name }) => name === model)?.state === 'UNAVAILABLE') return;
    if (Date.now() > giveUpAt) throw new Error(`${model} was not unloaded within ${UNLOAD_MS} ms`);
    await sleep(POLL_MS);
  }
}
