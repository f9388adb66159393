import { setTimeout as sleep } from 'node:timers/promises';
import type { Peers } from './peers.js';

const LOOK_EVERY_MS = 50;

/** Resolves once it is known which other peer leads, or this one decides (`isLeading`), or so many ms later. */
export async function leaderKnown(
  { candidate, name }: Peers,
  isLeading: () => boolean,
  withinMs: number,
): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (performance.now() < giveUpAt && !isLeading()) {
    if ((candidate.present ?? { peer: name }).peer !== name) return;
    await sleep(LOOK_EVERY_MS);
  }
}
