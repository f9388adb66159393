import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { AccountId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import { bytesOn } from '../fleet/meter.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import type { Loading, Ready } from '../fleet/replica.js';

/** How long nothing that did not fit is tried on an unmeasured device: the longest wait after a failed load. */
const UNMEASURED: Millis = 60_000;

/**
 * A load ran out of memory, and is still booked. On each of its devices where the books have room all the same, others
 * hold more than is counted. The same model again is no news of an unmeasured device: it may take more than it is
 * booked with.
 */
export function noteShortfall(fleet: Fleet, replica: Loading | Ready, now: Instant): void {
  const ledger = new Ledger(fleet, now);
  const { id, model, server } = replica;
  for (const { account, used } of fleet.servers.get(server)?.devices ?? []) {
    const { capacity, held } = ledger.of(account);
    const isNews = used !== null || !fleet.cooldowns.has(id);
    if (held > capacity || !isNews || askedOf(fleet, replica, account) === 0) continue;
    const bytes = Math.max(capacity - held + 1, shortfallOf(fleet, account));
    fleet.shortfalls.set(account, { at: now, replica: id, model, server, bytes, until: now + UNMEASURED });
  }
}

/** A smaller load that ran out as well takes nothing back of what an earlier one has shown. */
const shortfallOf = ({ shortfalls }: Fleet, account: AccountId): Bytes => shortfalls.get(account)?.bytes ?? 0;

/** What its load was to take there, with all that it brings along. */
function askedOf(fleet: Fleet, replica: Loading | Ready, account: AccountId): Bytes {
  if (replica.phase === 'ready') return bytesOn(account, replica.change?.bookings ?? []);
  const brought = replicasOn(fleet, replica.server).filter(
    (one) => one.id === replica.id || ('carriedBy' in one && one.carriedBy === replica.id),
  );
  return brought.reduce((sum, { bookings }) => sum + bytesOn(account, bookings), 0);
}
