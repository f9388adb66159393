import type { Fleet } from './fleet-state.js';
import type { AccountId } from './ids.js';
import type { Bytes, Instant } from './model.js';
import type { Device } from './server.js';

/** What must be in use of a device that nobody measures, beside all that is counted, since a load ran out there. */
export const unmeasuredShortfall = (
  { shortfalls }: Readonly<Fleet>,
  { account, used }: Pick<Device, 'account' | 'used'>,
): Bytes => (used === null ? (shortfalls.get(account)?.bytes ?? 0) : 0);

/** A sample of a device that tells what was in use after a load had run out there has been taken. */
export const endShortfall = ({ shortfalls }: Fleet, account: AccountId): boolean => shortfalls.delete(account);

/** Forgets those whose time is over. */
export function forgetShortfalls({ shortfalls }: Fleet, now: Instant): void {
  for (const [account, { until }] of shortfalls) if (until <= now) shortfalls.delete(account);
}
