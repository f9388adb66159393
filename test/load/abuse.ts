import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Attack } from './attacker.js';
import { startBerth } from './berth.js';
import { type Figure, quantile, rounded } from './figure.js';
import { startSimulatedTriton } from './triton.js';
import { residentMb } from './usage.js';

const GOAL_MS = 50;
const MODELS = 10_000;
const BATCH = 1_000;
const WARM = 'warm';
/** One small write has so many requests in it: as many as one connection may hold. */
const PIPELINED = 64;
const FOR_MS = 15_000;
const EVERY_MS = 10;

/** How late probes and warm resolves are answered while a client asks for all that is dear, many times in one write. */
export async function abuse(): Promise<Figure[]> {
  const triton = await startSimulatedTriton([WARM]);
  const berth = await startBerth([triton], { limits: { shedAtLagMs: null } });
  try {
    for (let first = 0; first < MODELS; first += BATCH) await declare(berth.http, first);
    await resolve(berth.http);
    const figures = [];
    for (const path of [null, '/metrics', '/v1/models?pageSize=1000', '/v1/fleet']) {
      figures.push(await under(berth, path));
    }
    return figures;
  } finally {
    await berth.end();
    await triton.end();
  }
}

async function declare(http: string, first: number): Promise<void> {
  const names = Array.from({ length: BATCH }, (_, nth) => `m${first + nth}`);
  const body = JSON.stringify({ models: Object.fromEntries(names.map((name) => [name, {}])) });
  const headers = { 'content-type': 'application/json' };
  const { ok, status } = await fetch(`${http}/v1/models:batch`, { method: 'POST', headers, body });
  if (!ok) throw new Error(`the batch was answered ${status}`);
}

async function resolve(http: string): Promise<void> {
  const answer = await fetch(`${http}/v1/models/${WARM}/resolve`, { method: 'POST' });
  await answer.text();
  if (!answer.ok) throw new Error(`the resolve was answered ${answer.status}`);
}

async function health(http: string): Promise<void> {
  await (await fetch(`${http}/health/live`)).text();
}

/** Null: without an attack, to see what the machine itself makes of it. */
async function under({ http, pid }: { http: string; pid: number }, path: string | null): Promise<Figure> {
  const end = path === null ? () => Promise.resolve(0) : attackOn(http, path);
  const over = performance.now() + FOR_MS;
  const probing = { health: probe(() => health(http), over), warm: probe(() => resolve(http), over) };
  const took = { health: await probing.health, warm: await probing.warm };
  const heldMb = residentMb(pid);
  const answers = await end();
  const lagMs = await lagIn(http);
  const [value, warm] = [quantile(took.health, 0.99), quantile(took.warm, 0.99)];
  return {
    ...{
      name: `abuse ${path ?? 'none'}`,
      value,
      unit: `ms P99 of /health with ${MODELS} models`,
      goal: `<= ${GOAL_MS}`,
    },
    met: value <= GOAL_MS && warm <= GOAL_MS,
    details: {
      warmMs: rounded(warm),
      lagMs,
      mostMs: rounded(Math.max(...took.health)),
      answers,
      heldMb: rounded(heldMb),
    },
  };
}

/** The P99 of how late Berth's event loop was since it was asked last. */
async function lagIn(http: string): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text();
  const [, seconds] = /^nodejs_eventloop_lag_p99_seconds (.*)$/m.exec(text) ?? [];
  return rounded(Number(seconds) * 1_000);
}

async function probe(ask: () => Promise<void>, over: number): Promise<number[]> {
  const took: number[] = [];
  while (performance.now() < over) {
    const began = performance.now();
    await ask();
    took.push(performance.now() - began);
    await sleep(EVERY_MS);
  }
  return took;
}

/** An attack in a thread of its own: reading its answers must not make the probes late. Ended, it says how many came. */
function attackOn(http: string, path: string): () => Promise<number> {
  const workerData: Attack = { http, path, pipelined: PIPELINED };
  const worker = new Worker(new URL('./attacker.js', import.meta.url), { workerData });
  return async () => {
    const answered = once(worker, 'message') as Promise<[number]>;
    worker.postMessage('end');
    const [answers] = await answered;
    await worker.terminate();
    return answers;
  };
}
