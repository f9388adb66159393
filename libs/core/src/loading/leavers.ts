import { type Fleet, replicasOn } from '../fleet/fleet.js';
import { type AccountId, hostAccount, type ReplicaId } from '../fleet/ids.js';
import { idleUnloadAt, settingsOf } from '../demand/idle.js';
import type { Want } from '../demand/wants.js';
import { usualLease } from '../learned/leases.js';
import { restOfLoad } from '../learned/load-forecast.js';
import { dependentsOf } from '../memory/footprint.js';
import { isPinProtected } from '../memory/pins.js';
import { pursesOf } from '../memory/purses.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { type Booking, isLeaving, type Ready, type Replica } from '../fleet/replica.js';
import type { Place } from '../room/places.js';
import { type Victim, victimsAt, type VictimTest, yieldsTo } from '../room/victims.js';
import type { Schedule } from './schedule.js';

/** Memory that comes free by a moment, at a place that is short of it. */
export interface Leaver {
  readonly bookings: readonly Booking[];
  /** When it is free. */
  readonly at: Instant;
  /** When leases and residencies that keep it end. */
  readonly emptiedAt: Instant;
  /** The copies that are drained for that; null where it leaves by itself, or is not ready yet. */
  readonly victim: Victim | null;
}

/** What could have left the host of a place for a want, the first to be gone first; none is told to leave before `from`. */
export function leaversAt(
  schedule: Schedule,
  place: Place,
  want: Want,
  isVictim: VictimTest,
  from: Instant,
): Leaver[] {
  const { fleet, ledger } = schedule;
  const victims = victimsAt(fleet, isVictim, place, ledger);
  const leavers = victims.map((victim) => ofVictim(schedule, victim, from));
  const drained = new Set(victims.flatMap(({ replicas }) => replicas));
  for (const { server } of pursesOf(fleet, hostAccount(place.server.spec.host))) {
    for (const one of replicasOn(fleet, server.spec.id)) {
      if (drained.has(one as Ready) || isLeaving(one) || schedule.isLeaving(one)) continue;
      const leaver = ofOther(schedule, one, want);
      if (leaver) leavers.push(leaver);
    }
  }
  leavers.push(...schedule.comingFor(want).map((one) => ({ ...one, victim: null })));
  return leavers.sort((one, other) => one.at - other.at);
}

/** It is drained, or leaves by itself before. */
function ofVictim(schedule: Schedule, victim: Victim, from: Instant): Leaver {
  const { replicas } = victim;
  const bookings = replicas.flatMap((one) => one.bookings);
  const at = Math.max(
    ...replicas.map((one) => schedule.freedBy(one, Math.max(from, schedule.drainableFrom(one)))),
  );
  const emptiedAt = Math.max(...replicas.map((one) => schedule.emptiedBy(one)));
  const idle = Math.max(...replicas.map((one) => idleUnloadAt(schedule.fleet, one) ?? Infinity));
  const idleAt =
    Math.max(schedule.now, idle) + Math.max(...replicas.map((one) => schedule.unloadTime(one.server)));
  return idleAt < at
    ? { bookings, at: idleAt, emptiedAt: idle, victim: null }
    : { bookings, at, emptiedAt, victim };
}

/** What is not drained for the want leaves when it is idle; what is on its way in may, once it has been there. */
function ofOther(schedule: Schedule, replica: Replica, want: Want): Leaver | undefined {
  const { fleet, now } = schedule;
  const from = leavesFrom(fleet, replica, want, now);
  if (from === null || dependentsOf(fleet, replica).some((one) => !isLeaving(one))) return undefined;
  // What is loaded yet will be used once it is there.
  const leased = replica.phase === 'loading' ? usualLease(fleet, replica.model) : 0;
  const at = Math.max(now + 1, from) + leased + schedule.unloadTime(replica.server);
  return { bookings: replica.bookings, at, emptiedAt: Math.max(now, from), victim: null };
}

function leavesFrom(fleet: Fleet, replica: Replica, want: Want, now: Instant): Instant | null {
  switch (replica.phase) {
    case 'ready':
      return idleUnloadAt(fleet, replica);
    case 'loading':
      if (isPinProtected(fleet, replica) || !yieldsTo(fleet, replica, want)) return null;
      return now + restOfLoad(fleet, replica, now).p50 + settingsOf(fleet, replica).minResidency;
    case 'unknown':
      return isPinProtected(fleet, replica) ? null : now;
    default:
      return null;
  }
}

/** The first of these that together make up for a shortfall; undefined where all do not. */
export function firstEnough(
  leavers: readonly Leaver[],
  shortfalls: ReadonlyMap<AccountId, Bytes>,
  needed: ReadonlySet<ReplicaId>,
): readonly Leaver[] | undefined {
  const short = new Map(shortfalls);
  const found: Leaver[] = [];
  for (const leaver of leavers) {
    if (leaver.victim?.replicas.some(({ id }) => needed.has(id))) continue;
    const useful = leaver.bookings.filter(({ account, bytes }) => bytes > 0 && short.has(account));
    if (useful.length === 0) continue;
    found.push(leaver);
    for (const { account, bytes } of useful) {
      const missing = (short.get(account) ?? 0) - bytes;
      if (missing > 0) short.set(account, missing);
      else short.delete(account);
    }
    if (short.size === 0) return found;
  }
  return undefined;
}
