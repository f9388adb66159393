import type { Fleet } from '../fleet.js';
import type { FailureCause, Replica } from '../replica.js';
import type { Instant, Millis } from '../model.js';

/** First wait and longest wait after failed loads; each failure in a row doubles the wait. */
const PASSING = { first: 1_000, longest: 60_000 };
const LASTING = { first: 10_000, longest: 300_000 };

/** Whether trying again is pointless until somebody changes something. */
export const isLasting = (cause: FailureCause): boolean => cause === 'configuration' || cause === 'missing';

/** No load of this model on this server before the wait is over. */
export function coolDown(
  fleet: Fleet,
  { id, model, server }: Replica,
  cause: FailureCause,
  now: Instant,
): void {
  const failures = (fleet.cooldowns.get(id)?.failures ?? 0) + 1;
  fleet.cooldowns.set(id, { model, server, failures, cause, at: now, until: now + backOff(cause, failures) });
}

function backOff(cause: FailureCause, failures: number): Millis {
  const { first, longest } = isLasting(cause) ? LASTING : PASSING;
  return Math.min(first * 2 ** Math.min(failures - 1, 16), longest);
}
