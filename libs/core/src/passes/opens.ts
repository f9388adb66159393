import type { Fleet } from '../fleet.js';
import type { Booking, Replica } from '../replica.js';
import type { AccountId } from '../ids.js';
import type { Ledger } from '../ledger.js';
import type { Bytes, Instant } from '../model.js';
import { isPinProtected } from '../pins.js';
import { openServers } from '../standing.js';
import { residentUntil } from './victims.js';
import { isKept } from './idle.js';
import { growthsOn, placesOn } from './places.js';
import type { Want } from './wants.js';

/**
 * The earliest instant at which enough memory could be free for a want: when the last of the leases, residencies
 * and loads that stand in its way ends. Infinity: never by itself; null: no server can be asked just now.
 */
export function opensAt(fleet: Fleet, ledger: Ledger, want: Want, now: Instant): Instant | null {
  const open = openServers(fleet, now);
  const ways = want.copies > 1 ? [placesOn, growthsOn] : [placesOn];
  const places = open.flatMap((server) => ways.flatMap((way) => way(fleet, server, want.model)));
  if (places.length === 0) return null;
  const releases = [...fleet.replicas.values()].map((replica) => ({
    bookings: replica.bookings,
    at: releasedAt(fleet, replica, now),
  }));
  releases.sort((a, b) => a.at - b.at);
  return Math.min(...places.map(({ bookings }) => coveredAt(ledger, bookings, releases)));
}

interface Release {
  readonly bookings: readonly Booking[];
  readonly at: Instant;
}

function coveredAt(ledger: Ledger, bookings: readonly Booking[], releases: readonly Release[]): Instant {
  const short = new Map<AccountId, Bytes>();
  for (const { account, bytes } of bookings) short.set(account, bytes - ledger.spare(account));
  let at = 0;
  for (const release of releases) {
    if ([...short.values()].every((bytes) => bytes <= 0)) break;
    for (const { account, bytes } of release.bookings) {
      if (short.has(account)) short.set(account, short.get(account)! - bytes);
    }
    at = release.at;
  }
  return [...short.values()].every((bytes) => bytes <= 0) ? at : Infinity;
}

/** When a replica could be let go at the earliest; what leaves already is in the spare memory. */
function releasedAt(fleet: Fleet, replica: Replica, now: Instant): Instant {
  switch (replica.phase) {
    case 'ready':
      if (isPinProtected(fleet, replica) || isKept(fleet, replica)) return Infinity;
      return Math.max(now, residentUntil(fleet, replica), replica.inUseUntil);
    case 'placed':
    case 'loading':
      return Math.max(now, residentUntil(fleet, replica));
    case 'unknown':
      return now;
    case 'draining':
    case 'unloading':
      return Infinity;
  }
}
