import { type Millis, PRESSURE_LEVELS, type PressureLevel } from '#core';

/** How the process was since it was read before. */
export interface Reading {
  /** How late its event loop was at the worst moment. */
  readonly lag: Millis;
  /** What part of the memory that its heap may come to is in use. */
  readonly heap: number;
}

/** The lag beyond which each level begins, in times of that at which shedding does. */
const LAG_FACTORS = [
  ['extreme', 20],
  ['severe', 4],
  ['high', 1],
] as const;

/** Beyond this the collector runs again and again, and frees little. */
const HEAP_FULL = 0.85;

/** How many readings count: a level lasts until nothing like it was read that often in a row. */
const READINGS = 5;

/** What one reading calls for. @param shedAtLag null: no lag calls for anything. */
export function calledFor({ lag, heap }: Reading, shedAtLag: Millis | null): PressureLevel {
  const byHeap = heap > HEAP_FULL ? 'high' : 'none';
  if (shedAtLag === null) return byHeap;
  return LAG_FACTORS.find(([, factor]) => lag > factor * shedAtLag)?.[0] ?? byHeap;
}

/** What the last readings called for, with that of one more. */
export const heard = (called: readonly PressureLevel[], next: PressureLevel): readonly PressureLevel[] =>
  [...called, next].slice(-READINGS);

/** The highest that any of the last readings called for: so it rises at once, and falls after some calm ones. */
export const highest = (called: readonly PressureLevel[]): PressureLevel =>
  PRESSURE_LEVELS.findLast((level) => called.includes(level)) ?? 'none';
