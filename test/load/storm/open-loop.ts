import { setTimeout as sleep } from 'node:timers/promises';
import type { Millis } from '#core';
import { type Caller, reasonOf } from '../rpc.js';
import type { Outcome } from './outcomes.js';
import type { Arrival } from './workload.js';

/** Something to do at a moment of the play. */
export interface Cue {
  readonly at: Millis;
  readonly act: () => Promise<void> | void;
}

/** Asks for each arrival when it is due, whatever has become of those before it, and returns what became of all. */
export async function play(
  caller: Caller,
  arrivals: readonly Arrival[],
  cues: readonly Cue[] = [],
): Promise<Outcome[]> {
  const began = performance.now();
  const since = (): Millis => performance.now() - began;
  const asked: Promise<Outcome>[] = [];
  const acted = cues.map(async ({ at, act }) => {
    await sleep(at - since());
    await act();
  });
  for (const arrival of arrivals) {
    const early = arrival.at - since();
    if (early > 1) await sleep(early);
    asked.push(ask(caller, arrival, since));
  }
  await Promise.all(acted);
  return Promise.all(asked);
}

/** It counts from the moment at which it was sent: a late timer of ours is none of Berth's time. */
export async function ask<One extends Arrival>(
  caller: Caller,
  arrival: One,
  since: () => Millis,
): Promise<One & Outcome> {
  const { model, class: of, wait, lease } = arrival;
  const at = since();
  const answer = await caller
    .resolve({ model, waitMs: wait, leaseMs: lease, class: of })
    .then(({ cold }) => (cold ? 'cold' : 'warm'), reasonOf);
  return { ...arrival, at, answeredAt: since(), answer };
}
