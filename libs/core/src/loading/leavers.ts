import type { Fleet } from '../fleet/fleet.js';
import type { AccountId, ModelId, ReplicaId, ServerId } from '../fleet/ids.js';
import { idleUnloadAt } from '../demand/idle.js';
import { rankOf } from '../demand/rank.js';
import type { Want } from '../demand/wants.js';
import { restOfLoad } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import { dependentsOf } from '../memory/footprint.js';
import { isPinProtected } from '../memory/pins.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { type Booking, isLeaving, type Loading, type Ready, type Replica } from '../fleet/replica.js';
import { isOverdue } from '../fleet/standing.js';
import { appendTo } from '../numbers/groups.js';
import type { Place } from '../room/places.js';
import {
  holdsAnyOf,
  replicasBeside,
  shortfall,
  type Victim,
  victimsAt,
  type VictimTest,
  yieldsTo,
} from '../room/victims.js';
import type { Freed } from './memory-pool.js';
import { SOON } from '../learned/closing.js';
import type { Schedule } from './schedule.js';

/** Memory that comes free by a moment, at a place that is short of it. */
export interface Leaver extends Freed {
  /** The variance of the moment at which it is free. */
  readonly variance: number;
  /** When leases and residencies that keep it end. */
  readonly emptiedAt: Instant;
  /** The copies that are drained for that; null where it leaves by itself, or is not ready yet. */
  readonly victim: Victim | null;
  /** The models whose copies are told to leave, now or once they are there; none where they leave by themselves. */
  readonly told: readonly ModelId[];
}

/** What could have left a place that is short of memory, the first to be gone first; none is told to leave before `from`. */
export function leaversAt(
  schedule: Schedule,
  place: Place,
  want: Want,
  isVictim: VictimTest,
  from: Instant,
): Leaver[] {
  const { fleet, ledger } = schedule;
  const short = shortfall(ledger, place.bookings);
  const victims = victimsAt(fleet, isVictim, place, ledger);
  const leavers = victims.map((victim) => ofVictim(schedule, victim, from));
  const drained = new Set(victims.flatMap(({ replicas }) => replicas));
  for (const one of replicasBeside(fleet, ledger, place.server, short)) {
    if (!holdsAnyOf(short, one) || drained.has(one as Ready)) continue;
    if (isLeaving(one) || schedule.isLeaving(one)) continue;
    const leaver = ofOther(schedule, one, want, from);
    if (leaver) leavers.push(leaver);
  }
  for (const one of schedule.coming.on(short.keys())) {
    const leaver = ofComing(schedule, one, want, from);
    if (leaver) leavers.push(leaver);
  }
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
  const told = Math.max(...replicas.map((one) => schedule.memory.toldBy(one.server)));
  const idleAt = Math.max(told, idle) + Math.max(...replicas.map((one) => schedule.unloadTime(one.server)));
  const shared = { copies: replicas.map(({ id }) => id), bookings, variance: 0 };
  return idleAt < at
    ? { ...shared, at: idleAt, emptiedAt: idle, victim: null, told: [] }
    : { ...shared, at, emptiedAt, victim, told: replicas.map(({ model }) => model) };
}

/** What is not drained for the want leaves when it is idle; what is on its way in may, once it has been there. */
function ofOther(schedule: Schedule, replica: Replica, want: Want, from: Instant): Leaver | undefined {
  const { fleet, now } = schedule;
  if (dependentsOf(fleet, replica).some((one) => !isLeaving(one))) return undefined;
  if (replica.phase === 'loading') return ofLoading(schedule, replica, want, from);
  const emptiedAt = leavesFrom(fleet, replica, now);
  if (emptiedAt === null) return undefined;
  const at =
    Math.max(now + SOON, emptiedAt, schedule.memory.toldBy(replica.server)) +
    schedule.unloadTime(replica.server);
  const shared = { copies: [replica.id], bookings: replica.bookings, at, variance: 0 };
  return { ...shared, emptiedAt: Math.max(now, emptiedAt), victim: null, told: [] };
}

/** It will be used once it is there, and is told to leave when its residency ends. The end of an overdue load cannot be told. */
function ofLoading(schedule: Schedule, replica: Loading, want: Want, from: Instant): Leaver | undefined {
  const { fleet, now } = schedule;
  if (isOverdue(fleet, replica, now) || isPinProtected(fleet, replica) || !yieldsTo(fleet, replica, want))
    return undefined;
  return leavesAgain(schedule, loadingCopy(schedule, replica), Math.max(now + SOON, from));
}

/** What loads, as a copy that is to come. */
export function loadingCopy({ fleet, now }: Schedule, replica: Loading): CopyToCome {
  const { p50, p90 } = restOfLoad(fleet, replica, now);
  const { id, model, server, bookings } = replica;
  return { id, model, server, bookings, ready: { p50: now + p50, p90: now + p90 } };
}

/** What a job ahead brings may leave again. */
function ofComing(schedule: Schedule, coming: CopyToCome, want: Want, from: Instant): Leaver | undefined {
  const { class: own } = schedule.fleet.models.get(coming.model) ?? schedule.fleet.defaults;
  if (schedule.isLeaving(coming) || rankOf(own) > want.rank) return undefined;
  return leavesAgain(schedule, coming, from);
}

function leavesAgain(schedule: Schedule, copy: CopyToCome, from: Instant): Leaver {
  const { id, model, bookings, ready } = copy;
  return {
    copies: [id],
    bookings,
    at: leavesAgainAt(schedule, copy, from),
    variance: (ready.p90 - ready.p50) ** 2,
    emptiedAt: stayedBy(schedule, copy),
    victim: null,
    told: [model],
  };
}

/** When a copy to come has left again: it was there, its residency has ended, and `from` has come. */
export const leavesAgainAt = (schedule: Schedule, copy: CopyToCome, from: Instant): Instant =>
  Math.max(stayedBy(schedule, copy), from) + schedule.leadOf(copy);

/** When its residency ends. */
const stayedBy = ({ fleet }: Schedule, { model, ready }: CopyToCome): Instant =>
  ready.p50 + (fleet.models.get(model) ?? fleet.defaults).minResidency;

function leavesFrom(fleet: Fleet, replica: Replica, now: Instant): Instant | null {
  if (replica.phase === 'ready') return idleUnloadAt(fleet, replica);
  return replica.phase === 'unknown' && !isPinProtected(fleet, replica) ? now : null;
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
    if (leaver.copies.some((id) => needed.has(id))) continue;
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

/** A copy that a job of the schedule brings, and that may leave again for a job behind it. */
export interface CopyToCome {
  readonly id: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  readonly bookings: readonly Booking[];
  readonly ready: Forecast;
}

/** The copies that the jobs of a schedule bring, by the accounts on which they will hold memory. */
export class CopiesToCome {
  private readonly byAccount = new Map<AccountId, CopyToCome[]>();

  add(copy: CopyToCome): void {
    for (const { account, bytes } of copy.bookings) if (bytes > 0) appendTo(this.byAccount, account, copy);
  }

  on(accounts: Iterable<AccountId>): ReadonlySet<CopyToCome> {
    return new Set(Array.from(accounts, (account) => this.byAccount.get(account) ?? []).flat());
  }
}
