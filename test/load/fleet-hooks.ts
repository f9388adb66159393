import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type RunningBerth, startBerth } from './berth.js';
import { collectedMb, COLLECTS } from './collect.js';
import { type Figure, quantile, rounded } from './figure.js';
import type { Sendings, SentAnswers } from './hook-sender.js';
import { scratchPath } from './scratch.js';
import { startSimulatedTriton } from './triton.js';
import { cpuMs } from './usage.js';

const GOAL_MS = 50;
const GOAL_MB = 20;
const GOAL_RATIO = 2;
const SERVERS = 20;
const MESSAGES = 10_000;
const AT_A_TIME = 4;
/** 200 a second: many more than autoscalers send. */
const PACE_MS = 5;
const WARM = 'warm';
const EVERY_MS = 10;
const QUIET_MS = 5_000;
const SECRET = Buffer.alloc(24, 7);

type Message = Sendings['messages'][number];

/**
 * How long messages of webhooks take: 10,000 that take effect, then as many repeats of a few of them, shuffled and a tenth with a
 * bad signature. Warm resolves go on beside them.
 */
export async function fleetHooks(): Promise<Figure[]> {
  const triton = await startSimulatedTriton([WARM]);
  const secretFile = scratchPath();
  await writeFile(secretFile, `whsec_${SECRET.toString('base64')}`);
  const { grpc, http, metrics } = triton;
  const others = Array.from({ length: SERVERS }, (_, nth) => ({
    id: `s${nth}`,
    grpc: `127.0.0.1:${nth + 1}`,
  }));
  const settings = {
    servers: [{ id: 't', grpc, http, metrics }, ...others],
    webhooks: { fleet: { secretFiles: [secretFile] } },
  };
  const berth = await startBerth([], settings, { flags: COLLECTS });
  try {
    await resolve(berth.http);
    const quiet = await probe(berth.http, sleep(QUIET_MS));
    const beforeMb = await collectedMb(berth.pid);
    const taken = await under(
      berth,
      Array.from({ length: MESSAGES }, (_, nth) => message(nth, true)),
    );
    const repeats = await under(berth, repeated());
    const heldMb = (await collectedMb(berth.pid)) - beforeMb;
    const ratio = Math.max(taken.warm, repeats.warm) / quantile(quiet, 0.99);
    return figuresOf({ taken, repeats, heldMb, ratio, quietMs: quantile(quiet, 0.99) });
  } finally {
    await berth.end();
    await triton.end();
  }
}

interface Under {
  readonly answers: SentAnswers;
  /** The P99 of warm resolves meanwhile, in milliseconds. */
  readonly warm: number;
  /** CPU of Berth for each message and the warm resolves beside it, in milliseconds. */
  readonly cpu: number;
}

interface Seen {
  readonly taken: Under;
  readonly repeats: Under;
  readonly heldMb: number;
  readonly ratio: number;
  readonly quietMs: number;
}

function figuresOf({ taken, repeats, heldMb, ratio, quietMs }: Seen): Figure[] {
  const all = [...(taken.answers['taken'] ?? []), ...(repeats.answers['repeated'] ?? [])];
  const value = quantile(all, 0.99);
  const counts = [taken, repeats].map(({ answers }) =>
    Object.fromEntries(Object.entries(answers).map(([kind, took]) => [kind, took.length])),
  );
  const isWhole = counts[0]?.['taken'] === MESSAGES && counts[1]?.['taken'] === undefined;
  const details = {
    counts,
    takenMs: rounded(quantile(taken.answers['taken'] ?? [], 0.99)),
    cpuMs: [taken, repeats].map(({ cpu }) => rounded(cpu)),
  };
  return [
    {
      ...{ name: 'webhooks_fleet', value, unit: 'ms P99 until 202', goal: `<= ${GOAL_MS}` },
      met: value <= GOAL_MS && isWhole,
      details,
    },
    {
      ...{ name: 'webhooks_fleet_memory', value: heldMb, goal: `<= ${GOAL_MB}` },
      unit: `MiB held after ${2 * MESSAGES} messages`,
      met: heldMb <= GOAL_MB,
      details: {},
    },
    {
      ...{ name: 'webhooks_fleet_warm', value: ratio, unit: 'times the P99 of warm resolves' },
      goal: `<= ${GOAL_RATIO}`,
      met: ratio <= GOAL_RATIO,
      details: { quietMs: rounded(quietMs), warmMs: rounded(Math.max(taken.warm, repeats.warm)) },
    },
  ];
}

function message(nth: number, isGood: boolean): Message {
  const data = { server: `s${nth % SERVERS}`, deadlineMs: 3_600_000 + nth };
  return { id: `msg-${nth}`, body: JSON.stringify({ type: 'server.leaving', data }), isGood };
}

/** Repeats of the last messages in a fixed shuffle. */
const repeated = (): Message[] =>
  Array.from({ length: MESSAGES }, (_, nth) => message(MESSAGES - 1 - ((nth * 7_919) % 1_000), nth % 10 > 0));

/** Messages are sent while warm resolves go on. */
async function under({ http, pid }: RunningBerth, messages: readonly Message[]): Promise<Under> {
  const workerData: Sendings = {
    ...{ url: `${http}/v1/webhooks/fleet`, secret: SECRET.toString('base64'), atATime: AT_A_TIME },
    everyMs: PACE_MS,
    messages,
  };
  const before = cpuMs(pid);
  const worker = new Worker(new URL('./hook-sender.js', import.meta.url), { workerData });
  const sent = once(worker, 'message') as Promise<[SentAnswers]>;
  const warm = quantile(await probe(http, sent), 0.99);
  const [answers] = await sent;
  return { answers, warm, cpu: (cpuMs(pid) - before) / messages.length };
}

/** How long warm resolves take, one after the other, until something is over. */
async function probe(http: string, over: Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  let isOver = false;
  const end = (): void => void (isOver = true);
  over.then(end, end);
  while (!isOver) {
    const began = performance.now();
    await resolve(http);
    took.push(performance.now() - began);
    await sleep(EVERY_MS);
  }
  return took;
}

async function resolve(http: string): Promise<void> {
  const answer = await fetch(`${http}/v1/models/${WARM}/resolve`, { method: 'POST' });
  await answer.text();
  if (!answer.ok) throw new Error(`the resolve was answered ${answer.status}`);
}
