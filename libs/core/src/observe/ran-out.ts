import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { AccountId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import { bytesOn } from '../fleet/meter.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import type { Loading, Ready } from '../fleet/replica.js';

/** How long a shortfall lasts on an unmeasured device: the longest back-off after a failed load. */
const UNMEASURED: Millis = 60_000;

/**
 * A load ran out of memory, and is still booked. On each of its devices where the books have room all the same, others
 * must hold more than is counted. On an unmeasured device a model that failed before tells nothing: it may take more
 * than it books.
 */
export function noteShortfall(fleet: Fleet, replica: Loading | Ready, now: Instant): void {
  const ledger = new Ledger(fleet, now);
  const { id, model, server } = replica;
  for (const { account, used } of fleet.servers.get(server)?.devices ?? []) {
    const { capacity, held } = ledger.of(account);
    const isNews = used !== null || !fleet.cooldowns.has(id);
    if (held > capacity || !isNews || askedOf(fleet, replica, account) === 0) continue;
    // A smaller load that runs out does not lower what an earlier one has shown.
    const bytes = Math.max(capacity - held + 1, fleet.shortfalls.get(account)?.bytes ?? 0);
    fleet.shortfalls.set(account, { at: now, replica: id, model, server, bytes, until: now + UNMEASURED });
  }
}

/** What the load was to take of an account, with the steps that it brings up. */
function askedOf(fleet: Fleet, replica: Loading | Ready, account: AccountId): Bytes {
  if (replica.phase === 'ready') return bytesOn(account, replica.change?.bookings ?? []);
  const brought = replicasOn(fleet, replica.server).filter(
    (one) => one.id === replica.id || ('carriedBy' in one && one.carriedBy === replica.id),
  );
  return brought.reduce((sum, { bookings }) => sum + bytesOn(account, bookings), 0);
}

/** Forgets the shortfalls whose time is over. */
export function forgetShortfalls({ shortfalls }: Fleet, now: Instant): void {
  for (const [account, { until }] of shortfalls) if (until <= now) shortfalls.delete(account);
}
