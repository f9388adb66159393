import type { Fleet } from '../fleet/fleet-state.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { Device } from '../fleet/server.js';

/**
 * What must be in use of an unmeasured device, beside all that is counted, since a load ran out there. While that load may
 * hold its booking still, nothing is left; once it is known to be gone, a byte less than it had asked for.
 */
export function unmeasuredShortfall(
  { shortfalls, replicas }: Readonly<Fleet>,
  { account, used }: Pick<Device, 'account' | 'used'>,
): Bytes {
  const shortfall = used === null ? shortfalls.get(account) : undefined;
  if (!shortfall) return 0;
  const mayHold = replicas.get(shortfall.replica)?.phase === 'unknown';
  return mayHold ? shortfall.bytes - 1 : shortfall.bytes;
}

/** Forgets the shortfalls whose time is over. */
export function forgetShortfalls({ shortfalls }: Fleet, now: Instant): void {
  for (const [account, { until }] of shortfalls) if (until <= now) shortfalls.delete(account);
}
