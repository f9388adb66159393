import type { Millis } from '#core';

/** A number from 0 up to, not including, 1. */
export type Random = () => number;

/** What a hint may be, in seconds. */
const LEAST = 1;
const MOST = 60;
/** The random part of a hint, so that callers do not come back at once: a quarter of the wait, 2 s at least. */
const SPREAD = 0.25;
const NARROWEST = 2;

/**
 * When a caller is told to come again: whole seconds, from 1 to 60, each of a window of them as likely as the others. The window
 * begins when another try could succeed, not before; where that is within the last 2 s of the bound or beyond, it is these.
 */
export function hintOf(prediction: Millis, random: Random): Millis {
  const predicted = Math.min(MOST, Math.max(LEAST, prediction / 1_000));
  const earliest = Math.min(Math.ceil(predicted), MOST - NARROWEST);
  const latest = Math.min(MOST, earliest + Math.max(NARROWEST, Math.ceil(predicted * SPREAD)));
  return 1_000 * (earliest + Math.floor(random() * (latest - earliest + 1)));
}
