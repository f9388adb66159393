import type { Fleet } from '../fleet.js';
import type { Booking, Replica } from '../replica.js';
import { dependentsOf } from '../footprint.js';
import type { AccountId, ReplicaId } from '../ids.js';
import type { Ledger } from '../ledger.js';
import type { Bytes, Instant } from '../model.js';
import { isGuaranteed, isPinProtected } from '../pins.js';
import type { Server } from '../server.js';
import { neededAt, residentUntil, yieldsTo } from './victims.js';
import { idleUnloadAt, isKept, settingsOf } from './idle.js';
import { growthsOn, type Place, placesOn } from './places.js';
import type { Want } from './wants.js';

/**
 * The earliest instant at which enough memory could be free for a want: when the last of the leases, residencies
 * and loads that stand in its way ends. Infinity: never by itself; null: no server can be asked just now.
 */
export function opensAt(
  fleet: Fleet,
  open: readonly Server[],
  ledger: Ledger,
  want: Want,
  now: Instant,
): Instant | null {
  const ways = want.copies > 1 ? [placesOn, growthsOn] : [placesOn];
  const places = open.flatMap((server) => ways.flatMap((way) => way(fleet, server, want.model)));
  if (places.length === 0) return null;
  const releases = [...fleet.replicas.values()].map((replica) => ({
    id: replica.id,
    bookings: replica.bookings,
    at: releasedAt(fleet, replica, want, now),
  }));
  releases.sort((a, b) => a.at - b.at);
  return Math.min(...places.map((place) => freeAt(fleet, ledger, place, want, releases)));
}

interface Release {
  readonly id: ReplicaId;
  readonly bookings: readonly Booking[];
  readonly at: Instant;
}

/** What the newcomer needs there stays. */
function freeAt(
  fleet: Fleet,
  ledger: Ledger,
  place: Place,
  want: Want,
  releases: readonly Release[],
): Instant {
  const needed = neededAt(fleet, place, want);
  const others = needed.size === 0 ? releases : releases.filter(({ id }) => !needed.has(id));
  return coveredAt(ledger, place.bookings, others);
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

/** When a replica could be let go at the earliest, which is not before all that needs it. */
function releasedAt(fleet: Fleet, replica: Replica, want: Want, now: Instant): Instant {
  const dependents = dependentsOf(fleet, replica).filter((one) => !isLeaving(one));
  return Math.max(...[replica, ...dependents].map((one) => releasedAlone(fleet, one, want, now)));
}

const isLeaving = ({ phase }: Replica): boolean => phase === 'draining' || phase === 'unloading';

/** What leaves already is in the spare memory; what a pin waits for or keeps does not leave. */
function releasedAlone(fleet: Fleet, replica: Replica, want: Want, now: Instant): Instant {
  if (isLeaving(replica) || isPinProtected(fleet, replica)) return Infinity;
  if (!yieldsTo(fleet, replica, want)) return Math.max(now, retiredAt(fleet, replica, now));
  switch (replica.phase) {
    case 'ready':
      return isKept(fleet, replica)
        ? Infinity
        : Math.max(now, residentUntil(fleet, replica), replica.inUseUntil);
    case 'unknown':
      return now;
    default:
      return Math.max(now, residentUntil(fleet, replica));
  }
}

/**
 * When something leaves that yields to nobody: when it is idle, if it is not used any more. What is not ready yet cannot
 * be idle before it has been there for so long; counted from now that moment would never come.
 */
function retiredAt(fleet: Fleet, replica: Replica, now: Instant): Instant {
  if (replica.phase === 'ready') return idleUnloadAt(fleet, replica) ?? Infinity;
  if (replica.phase === 'unknown') return now;
  const { idleUnload, idleMode } = settingsOf(fleet, replica);
  const isToStay = idleMode === 'soft' || idleUnload === null || isGuaranteed(fleet, replica);
  return isToStay ? Infinity : replica.since + idleUnload;
}
