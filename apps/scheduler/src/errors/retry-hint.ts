import type { Millis } from '#core';

/** A number from 0 up to, not including, 1. */
export type Random = () => number;

const LEAST: Millis = 1_000;
const MOST: Millis = 60_000;
/** So much later than predicted a hint may send somebody back, so that not all come at once. */
const SPREAD = 1.25;

/** A hint between 1 and 60 s, spread at random; not before the prediction, up to 48 s: beyond that it has to stay below the bound. */
export function jittered(prediction: Millis, random: Random): Millis {
  const latest = Math.min(MOST, Math.max(LEAST, prediction) * SPREAD);
  const earliest = Math.min(Math.max(LEAST, prediction), MOST / SPREAD);
  return earliest + random() * (latest - earliest);
}

/** The same in whole seconds, as HTTP writes it. */
export function wholeSeconds(hint: Millis): number {
  return Math.min(MOST / 1_000, Math.ceil(hint / 1_000));
}
