import type { Millis } from '#core';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long an event waits after each try that failed; after the last of these it is sent once more. */
const DELAYS: readonly Millis[] = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  HOUR,
  3 * HOUR,
  8 * HOUR,
];

/** A `Retry-After` is honoured up to this. */
export const MAX_DELAY: Millis = 8 * HOUR;
/** An endpoint that fails is probed at least this often, as long as anything is due. */
const MAX_PROBE_DELAY: Millis = 10 * MINUTE;
/** A delay is this part longer at most, at random, so that what failed together is not sent together. */
const JITTER = 0.2;

/** How long an event waits after so many tries in vain; null: it is not sent any more. `random` is in [0, 1). */
export function delayAfter(attempts: number, random: number): Millis | null {
  const delay = DELAYS[attempts - 1];
  return delay === undefined ? null : delay * (1 + JITTER * random);
}

/** How long an endpoint is left alone after so many failed probes in a row. */
export function probeDelay(probes: number, random: number): Millis {
  const delay = DELAYS[probes - 1] ?? MAX_PROBE_DELAY;
  return Math.min(delay, MAX_PROBE_DELAY) * (1 + JITTER * random);
}
