import type { Fleet } from '../fleet/fleet.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { AccountId, ReplicaId } from '../fleet/ids.js';
import { PINNED } from '../demand/rank.js';
import type { Want } from '../demand/wants.js';
import { bytesOn } from '../fleet/meter.js';
import { SOON } from '../learned/closing.js';
import type { Forecast } from '../learned/load-times.js';
import { compareKeys } from '../numbers/compare-keys.js';
import { total } from '../numbers/groups.js';
import type { Place } from '../room/places.js';
import { evictionDevices } from '../room/evictions.js';
import { neededAt, type VictimTest } from '../room/victims.js';
import { AT, type Chunk, reachedAt } from './chunks.js';
import type { Job } from './job.js';
import { emptiedFrom, type Leavable, tellableFrom, isPreemptedBy } from './leavable.js';
import { besides, type JobForecast, type Leaving, readyAfter, type Schedule } from './schedule.js';
import type { Start } from './slots.js';

/** When a copy could leave for the job, with all that depends on it. */
interface Moment {
  readonly copies: readonly Leavable[];
  /** From when on they may be told; when they go, where they leave by themselves. */
  readonly from: Instant;
  /** When their memory is free, by the P50. */
  readonly freed: Instant;
  /** When they may be unloaded nine times of ten: see `Curves.unloadFrom`. */
  readonly unloadBy: Instant;
  readonly isTold: boolean;
}

/** What one job can reserve at one place: the eviction curves of its accounts as they are for it. */
export class PlaceCurve {
  private readonly moments = new Map<Leavable, Moment | null>();
  private readonly needed: ReadonlySet<ReplicaId>;
  private readonly budgetFrom: Instant;
  private tellableAt: Instant = Infinity;

  constructor(
    private readonly schedule: Schedule,
    private readonly job: Job,
    private readonly want: Want,
    private readonly place: Place,
    private readonly isVictim: VictimTest,
  ) {
    this.needed = neededAt(schedule.fleet, place, want);
    this.budgetFrom = isFreeOfLimit(schedule.fleet, job, place)
      ? schedule.now.stamp
      : schedule.evictsAt(place);
  }

  /** When there could be room, by the P50; infinite where there never is, or where what it needs leaves for a job before. */
  freeAt(): Instant {
    const { curves } = this.schedule;
    if ([...this.needed].some((id) => curves.isReleased({ id }))) return Infinity;
    return this.reached((copy) => this.momentOf(copy)?.freed ?? Infinity);
  }

  /**
   * The earliest moment at which leases, residencies and loads in the way could have ended; now where only a closed device has
   * to open: that is no lack of memory.
   */
  roomAt(): Instant {
    const { now, curves } = this.schedule;
    const at = this.reached((copy) => this.couldBeEmptied(copy));
    return at <= curves.opensAt(this.place.bookings) ? now.stamp : at;
  }

  /** What the job reserves where its load begins at `start` and there is room from `roomAt` on. */
  reserved(start: Start, load: Forecast, roomAt: Instant): { found: JobForecast; worth: number } {
    const { schedule, job, place } = this;
    const chosen = this.chosenBy(start.at);
    const left = schedule.curves.freeAt(besides(place.bookings, copiesIn(chosen)));
    const placeAt = this.placeAt(chosen, start, roomAt);
    const leaving = chosen.flatMap((one) => this.leavingOf(one, placeAt));
    const free = Math.max(left.p90, ...leaving.map(({ at }) => at.p90));
    const ready = readyAfter(start, free, load);
    const worth = leaving.reduce((sum, { copy, isTold }) => sum + (isTold ? copy.worth : 0), 0);
    const times = { placeAt, roomAt, tellableAt: this.tellableAt, searchedAt: schedule.now.stamp };
    const found = { job, place, leaving, start, load, ready, ...times };
    return { found, worth };
  }

  /** The earliest moment at which all accounts have room, where copies are free by these moments. */
  private reached(freed: (copy: Leavable) => Instant): Instant {
    const { curves, now } = this.schedule;
    let at = now.stamp;
    for (const { account, bytes } of this.place.bookings) {
      const steps: Chunk[] = [...curves.chunksOn(account)];
      if (reachedAt(steps, bytes, 'p50') <= at) continue;
      for (const copy of curves.copiesOn(account)) {
        const freedAt = freed(copy);
        if (freedAt < Infinity) steps.push({ at: AT(freedAt), bytes: bytesOn(account, copy.bookings) });
      }
      steps.sort((one, other) => one.at.p50 - other.at.p50);
      at = Math.max(at, reachedAt(steps, bytes, 'p50'));
      if (at === Infinity) return at;
    }
    return at;
  }

  /** The copies that leave by a moment: lower classes first, then what is idle, then what is worth least per byte. */
  private chosenBy(at: Instant): readonly Moment[] {
    const chosen: Moment[] = [];
    const going = new Set<Leavable>();
    for (const { account, bytes } of this.place.bookings) {
      let missing = bytes - this.freeOn(account, at, going);
      for (const copy of missing > 0 ? this.schedule.curves.copiesOn(account).toSorted(byTurn) : []) {
        if (missing <= 0) break;
        const moment = going.has(copy) ? null : this.momentOf(copy);
        if (!moment || moment.freed > at) continue;
        chosen.push(moment);
        const more = moment.copies.filter((one) => !going.has(one));
        for (const one of more) going.add(one);
        missing -= total(more, (one) => bytesOn(account, one.bookings));
      }
    }
    return chosen;
  }

  /** What is free of an account by a moment, without and with what these copies hold. */
  private freeOn(account: AccountId, at: Instant, going: ReadonlySet<Leavable>): Bytes {
    const chunks = this.schedule.curves.chunksOn(account).filter((one) => one.at.p50 <= at);
    return total(chunks, ({ bytes }) => bytes) + total(going, (one) => bytesOn(account, one.bookings));
  }

  /** Null: it never leaves for the job. */
  private momentOf(copy: Leavable): Moment | null {
    const known = this.moments.get(copy);
    if (known !== undefined) return known;
    const found = this.findMoment(copy);
    this.moments.set(copy, found);
    return found;
  }

  private findMoment(copy: Leavable): Moment | null {
    const { schedule, job } = this;
    const { curves, now } = schedule;
    const copies = curves.withDependents(copy);
    if (!copies || copies.some(({ id }) => this.needed.has(id))) return null;
    const opens = curves.opensAt(copy.bookings);
    const { p50 } = schedule.unloadOn(copy.server);
    if (this.areAllTellable(copies)) {
      const from = Math.max(now.stamp, this.budgetFrom, ...copies.map((one) => tellableFrom(one, job)));
      if (from > now.stamp) this.tellableAt = Math.min(this.tellableAt, from);
      const emptied = Math.max(opens, ...copies.map((one) => emptiedFrom(one, job, from, now)));
      const unload = curves.unloadFrom(copy.server, emptied);
      const tells = { copies, from, freed: unload.p50 + p50, unloadBy: unload.p90, isTold: true };
      if (unload.p50 <= now.stamp) return tells;
      const itself = this.byItself(copies, opens);
      return itself && itself.freed < tells.freed ? itself : tells;
    }
    return this.byItself(copies, opens);
  }

  /** They leave once they are idle, whatever the job is. */
  private byItself(copies: readonly Leavable[], opens: Instant): Moment | null {
    const { curves, now } = this.schedule;
    // Only a turn to come tells that they leave.
    const idle = Math.max(now.stamp + SOON, opens, ...copies.map(({ idleAt }) => idleAt));
    if (idle === Infinity) return null;
    const { server } = copies[0]!;
    const unload = curves.unloadFrom(server, idle);
    const freed = unload.p50 + this.schedule.unloadOn(server).p50;
    return { copies, from: unload.p50, freed, unloadBy: unload.p90, isTold: false };
  }

  private areAllTellable(copies: readonly Leavable[]): boolean {
    const { schedule, want, isVictim } = this;
    return copies.every((one) => isPreemptedBy(one, want, isVictim) && !schedule.curves.isKept(one, want));
  }

  /** The same whatever the budget and its worth say. */
  private couldBeEmptied(copy: Leavable): Instant {
    const { curves, now } = this.schedule;
    const copies = curves.withDependents(copy);
    if (!copies || copies.some(({ id }) => this.needed.has(id))) return Infinity;
    const told = curves.unloadFrom(copy.server, now.stamp).p50;
    const idle = Math.max(told, ...copies.map(({ idleAt }) => idleAt));
    if (!this.areAllTellable(copies)) return idle;
    return Math.min(
      idle,
      Math.max(now.stamp, told, ...copies.map((one) => Math.max(one.residentUntil, one.inUseUntil))),
    );
  }

  /** When the job gets its place: what leaves for it is told then, in time and not before it may be. */
  private placeAt(chosen: readonly Moment[], { at }: Start, roomAt: Instant): Instant {
    const { schedule, place } = this;
    const { now, curves } = schedule;
    const leaving = copiesIn(chosen);
    const isOnItsWay = schedule.isOnItsWay(place, leaving);
    if (chosen.length === 0) {
      const isShut = roomAt > now.stamp && curves.opensAt(place.bookings) > now.stamp;
      if (isShut || !isOnItsWay) return Math.max(at, now.stamp + SOON);
      return at > roomAt || (roomAt > now.stamp && schedule.isReservedAhead(place)) ? at : now.stamp;
    }
    const from = Math.max(...chosen.map((one) => one.from), curves.opensAt(place.bookings));
    const promisableAt = isOnItsWay ? now.stamp : now.stamp + SOON;
    return Math.max(from, promisableAt, at - this.lead(chosen));
  }

  /** How long before its load begins the copies in use have to be told, and the others. */
  private lead(chosen: readonly Moment[]): number {
    const leases = chosen.flatMap(({ copies, isTold }) =>
      isTold ? copies.filter(({ isInUse }) => isInUse).map(({ usualLease }) => usualLease) : [],
    );
    return Math.max(0, ...leases) + this.schedule.unloadOn(this.place.server.spec.id).p90;
  }

  /**
   * When the memory of these is free. By the P90 what is not told in this turn is in use when it is told, and what is of a higher
   * class never is: no request is promised what holds only while an idle copy stays idle.
   */
  private leavingOf({ copies, from, freed, unloadBy, isTold }: Moment, placeAt: Instant): Leaving[] {
    const { schedule, job } = this;
    const { p50, p90 } = schedule.unloadOn(copies[0]!.server);
    const usedUntil = (): Instant =>
      Math.max(
        ...copies.map((one) => Math.max(from, tellableFrom(one, job, true)) + one.usualLease),
        freed - p50,
      );
    const isSure = isTold && copies.every(({ rank }) => rank <= job.rank);
    const emptied = placeAt <= schedule.now.stamp ? freed - p50 : isSure ? usedUntil() : Infinity;
    const gone = Math.max(emptied, unloadBy) + p90;
    return copies.map((copy) => ({ copy, at: { p50: freed, p90: gone }, isTold }));
  }
}

/** Whether the limit of evictions does not bind a job at a place: it is pinned, or starves, and the last job there did not. */
export function isFreeOfLimit(
  { starvedLast }: Readonly<Fleet>,
  { rank, isStarving }: Job,
  place: Place,
): boolean {
  return rank === PINNED || (isStarving && !evictionDevices(place).some((one) => starvedLast.has(one)));
}

const copiesIn = (moments: readonly Moment[]): readonly Leavable[] => moments.flatMap(({ copies }) => copies);

const byTurn = (one: Leavable, other: Leavable): number =>
  one.rank - other.rank ||
  Number(one.isInUse) - Number(other.isInUse) ||
  compareKeys([one.density, one.lastUse], [other.density, other.lastUse]);
