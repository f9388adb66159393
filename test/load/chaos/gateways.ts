import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosBerth } from './chaos-berth.js';
import type { Chance } from './chance.js';
import { COLD, WARM } from './stage.js';

const PATIENCE_MS = 2_000;
const COLD_WAIT_MS = 20_000;
/** A lease is tried out so long before its end. */
const MARGIN_MS = 400;

/** What a simulated model takes. */
const INPUT = { name: 'IN', datatype: 'FP32', shape: [1], data: [1] };

/** What gateways met. */
export interface Tally {
  warm: number;
  cold: number;
  stale: number;
  /** A warm model that no Berth that was up answered for. */
  readonly warmFailures: string[];
  readonly coldRefusals: Map<string, number>;
  /** Cold calls that a Berth left without an answer, though it was up all the time. */
  readonly unanswered: string[];
  /** Copies that were gone while a route to them was good. */
  readonly broken: string[];
  readonly warmMs: number[];
}

export const emptyTally = (): Tally => ({
  ...{ warm: 0, cold: 0, stale: 0 },
  ...{ warmFailures: [], coldRefusals: new Map(), unanswered: [], broken: [], warmMs: [] },
});

interface Route {
  readonly model: string;
  readonly server: { readonly id: string; readonly http: string };
  readonly leaseMs: number;
  readonly stale: boolean;
}

/** Ask any Berth for routes, and hold Berth to them, until it is over. */
export async function runGateways(
  berths: readonly ChaosBerth[],
  chance: Chance,
  tally: Tally,
  over: AbortSignal,
): Promise<void> {
  const warm = Array.from({ length: 4 }, () => loop(over, 20, () => askWarm(berths, chance, tally, over)));
  const cold = Array.from({ length: 4 }, () => loop(over, 100, () => askCold(berths, chance, tally)));
  await Promise.all([...warm, ...cold]);
}

/** Resolves once every Berth answers for every pinned model. */
export async function untilWarm(berths: readonly ChaosBerth[]): Promise<void> {
  for (const berth of berths) {
    for (const model of WARM) {
      while (!('route' in (await resolve(berth, { model, waitMs: 0 }, PATIENCE_MS)))) await sleep(100);
    }
  }
}

async function loop(over: AbortSignal, pauseMs: number, turn: () => Promise<void>): Promise<void> {
  while (!over.aborted) {
    await turn();
    await sleep(pauseMs);
  }
}

/** Each Berth that is up is asked in turn, as a gateway does that fails over. */
async function askWarm(
  berths: readonly ChaosBerth[],
  chance: Chance,
  tally: Tally,
  over: AbortSignal,
): Promise<void> {
  const model = chance.pick(WARM);
  const whys: string[] = [];
  let askedUp = 0;
  for (const berth of chance.shuffled(berths)) {
    const wasUp = berth.isUp;
    const began = performance.now();
    const answer = await resolve(berth, { model, waitMs: 0 }, PATIENCE_MS);
    if ('route' in answer) {
      tally.warm += 1;
      tally.warmMs.push(performance.now() - began);
      return hold(answer.route, chance, tally, began);
    }
    if (wasUp && berth.isUp) askedUp += 1;
    whys.push(`${berth.name}: ${answer.why}`);
  }
  if (askedUp > 0 && !over.aborted)
    tally.warmFailures.push(`${new Date().toISOString()} ${model}: ${whys.join(', ')}`);
}

async function askCold(berths: readonly ChaosBerth[], chance: Chance, tally: Tally): Promise<void> {
  const berth = chance.pick(berths);
  const { isUp, outages } = berth;
  const began = performance.now();
  const answer = await resolve(
    berth,
    { model: chance.pick(COLD), waitMs: COLD_WAIT_MS },
    COLD_WAIT_MS + PATIENCE_MS,
  );
  if ('why' in answer) {
    tally.coldRefusals.set(answer.why, (tally.coldRefusals.get(answer.why) ?? 0) + 1);
    if (!answer.isTold && isUp && berth.isUp && berth.outages === outages)
      tally.unanswered.push(`${new Date().toISOString()} ${berth.name} gave no answer: ${answer.why}`);
    return;
  }
  tally.cold += 1;
  await hold(answer.route, chance, tally, began);
}

/** A route is good for its lease: the copy serves at any moment of it. The lease began when the answer was made, or later. */
async function hold({ model, server, leaseMs, stale }: Route, chance: Chance, tally: Tally, began: number) {
  if (stale) tally.stale += 1;
  const until = began + leaseMs - MARGIN_MS;
  await sleep(Math.max(0, chance.below(Math.max(1, until - performance.now()))));
  const answer = await fetch(`${server.http}/v2/models/${model}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: [INPUT] }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).catch(() => undefined);
  await answer?.body?.cancel();
  const isInTime = performance.now() < began + leaseMs;
  if (answer?.ok === false && isInTime)
    tally.broken.push(
      `${new Date().toISOString()} ${model} on ${server.id} was gone within a lease of ${leaseMs} ms${stale ? ', stale' : ''}`,
    );
}

/** `isTold`: the Berth itself refused. */
type Answer = { readonly route: Route } | { readonly why: string; readonly isTold: boolean };

async function resolve(
  berth: ChaosBerth,
  asked: { model: string; waitMs: number },
  patienceMs: number,
): Promise<Answer> {
  const { model, waitMs } = asked;
  try {
    const answer = await fetch(`${berth.http}/v1/models/${model}/resolve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ waitMs, leaseMs: 3_000 }),
      signal: AbortSignal.timeout(patienceMs),
    });
    const body = (await answer.json()) as Route & { readonly reason?: string };
    return answer.ok ? { route: body } : { why: body.reason ?? `status ${answer.status}`, isTold: true };
  } catch (error) {
    const { cause, name } = error as Error & { readonly cause?: { readonly code?: string } };
    return { why: cause?.code ?? name, isTold: false };
  }
}
