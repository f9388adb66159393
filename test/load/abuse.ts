import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBerth } from './berth.js';
import { type Figure, quantile, rounded } from './figure.js';
import { startSimulatedTriton } from './triton.js';
import { residentMb } from './usage.js';

const GOAL_MS = 50;
const MODELS = 10_000;
const BATCH = 1_000;
const WARM = 'warm';
/** One small write of 6.4 KB has so many requests in it. */
const PIPELINED = 150;
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
    for (const path of ['/metrics', '/v1/models?pageSize=1000', '/v1/fleet']) {
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

async function under({ http, pid }: { http: string; pid: number }, path: string): Promise<Figure> {
  const attack = new AbortController();
  const attacked = attackOn(http, path, attack.signal);
  const over = performance.now() + FOR_MS;
  const probing = { health: probe(() => health(http), over), warm: probe(() => resolve(http), over) };
  const took = { health: await probing.health, warm: await probing.warm };
  const heldMb = residentMb(pid);
  attack.abort();
  const answers = await attacked;
  const [value, warm] = [quantile(took.health, 0.99), quantile(took.warm, 0.99)];
  return {
    ...{
      name: `abuse ${path}`,
      value,
      unit: `ms P99 of /health with ${MODELS} models`,
      goal: `<= ${GOAL_MS}`,
    },
    met: value <= GOAL_MS && warm <= GOAL_MS,
    details: {
      warmMs: rounded(warm),
      mostMs: rounded(Math.max(...took.health)),
      answers,
      heldMb: rounded(heldMb),
    },
  };
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

/** The same requests in one write, again and again once they are answered. Returns how many answers came. */
async function attackOn(http: string, path: string, signal: AbortSignal): Promise<number> {
  const { hostname, port } = new URL(http);
  const text = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(PIPELINED);
  let answers = 0;
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    const came = chunk.toString('latin1').split('HTTP/1.1 200').length - 1;
    for (let nth = 0; nth < came; nth += 1) if ((answers += 1) % PIPELINED === 0) socket.write(text);
  });
  socket.write(text);
  await once(signal, 'abort');
  socket.destroy();
  return answers;
}
