import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { type ModelId, type ReplicaId, replicaId, type ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Booking, Loading, Ready, Replica } from '../fleet/replica.js';
import { residentUntil, settingsOf } from '../fleet/idle-rule.js';
import type { Want } from '../demand/wants.js';
import type { VictimTest } from '../room/victims.js';
import { isOverdue } from '../fleet/standing.js';
import { idleUnloadAt } from '../demand/idle.js';
import { type Rank, rankOf } from '../demand/rank.js';
import { usualLease } from '../learned/leases.js';
import { restOfLoad } from '../learned/load-forecast.js';
import { densityOf, worthOf } from '../learned/worth.js';
import { isGuaranteed, isPinProtected } from '../memory/pins.js';
import { worthTakingFrom } from './worth-more.js';
import type { Job } from './job.js';

/** A copy that may leave for a job: one that is ready, one that loads, or one that a job ahead is to bring. */
export interface Leavable {
  readonly id: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  readonly bookings: readonly Booking[];
  readonly rank: Rank;
  /** Null of a copy that is to come. */
  readonly replica: Ready | null;
  /** Of a copy that is to come: whether it is one of those that `copies.min` keeps from its own class. */
  readonly isGuaranteed: boolean;
  /** Whether it is in use, or will be once it is there. */
  readonly isInUse: boolean;
  /** When its residency ends. */
  readonly residentUntil: Instant;
  /** The end of the longest lease that was given on it. */
  readonly inUseUntil: Instant;
  readonly usualLease: Millis;
  /** When it is unloaded for being idle; infinite where it never is. */
  readonly idleAt: Instant;
  /** What it is worth; the others of its model share that. */
  readonly worth: number;
  readonly density: number;
  readonly lastUse: Instant;
}

/** A ready copy. What only some jobs ask of it is worked out when it is first asked for. */
export class ReadyCopy implements Leavable {
  readonly id: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  readonly bookings: readonly Booking[];
  readonly rank: Rank;
  readonly inUseUntil: Instant;
  readonly residentUntil: Instant;
  readonly lastUse: Instant;
  readonly isGuaranteed = false;
  private knownWorth: number | undefined;
  private knownDensity: number | undefined;

  constructor(
    private readonly fleet: Fleet,
    readonly replica: Ready,
    private readonly now: Now,
  ) {
    const { id, model, server, bookings, inUseUntil } = replica;
    this.id = id;
    this.model = model;
    this.server = server;
    this.bookings = bookings;
    this.inUseUntil = inUseUntil;
    this.rank = rankOf(settingsOf(fleet, replica).class);
    this.residentUntil = residentUntil(fleet, replica);
    this.lastUse = replica.lastUse;
  }

  get isInUse(): boolean {
    return this.inUseUntil > this.now.stamp;
  }

  get usualLease(): Millis {
    return usualLease(this.fleet, this.model);
  }

  get idleAt(): Instant {
    return idleUnloadAt(this.fleet, this.replica) ?? Infinity;
  }

  get worth(): number {
    return (this.knownWorth ??= shareOfWorth(this.fleet, this.model, this.now));
  }

  get density(): number {
    return (this.knownDensity ??= densityOf(this.fleet, this.replica));
  }
}

/** What loads; undefined where its end cannot be told, or where it stays. */
export function ofLoading(fleet: Fleet, replica: Loading, now: Now): Leavable | undefined {
  if (isOverdue(fleet, replica, now) || isPinProtected(fleet, replica)) return undefined;
  const { p50 } = restOfLoad(fleet, replica, now);
  const coming = toCome(fleet, replica, now.stamp + p50, now);
  return { ...coming, isGuaranteed: isGuaranteed(fleet, replica) };
}

/** What is to be ready at a moment. It will be used once it is there. */
export function toCome(
  fleet: Fleet,
  { model, server, bookings }: Pick<Replica, 'model' | 'server' | 'bookings'>,
  readyAt: Instant,
  now: Now,
): Leavable {
  const settings = fleet.models.get(model) ?? fleet.defaults;
  return {
    id: replicaId(model, server),
    model,
    server,
    bookings,
    rank: rankOf(settings.class),
    replica: null,
    isGuaranteed: false,
    isInUse: true,
    residentUntil: readyAt + settings.minResidency,
    inUseUntil: -Infinity,
    usualLease: usualLease(fleet, model),
    idleAt: Infinity,
    worth: shareOfWorth(fleet, model, now),
    density: Infinity,
    lastUse: Infinity,
  };
}

const shareOfWorth = (fleet: Fleet, model: ModelId, now: Now): number =>
  worthOf(fleet, model, now) / Math.max(1, fleet.holders.get(model)?.size ?? 0);

/** Whether a want may preempt a copy, whatever its use: what is there by the rule of victims, what is to come by its class. */
export function isPreemptedBy(
  { replica, rank, isGuaranteed }: Leavable,
  want: Want,
  isVictim: VictimTest,
): boolean {
  if (replica) return isVictim(replica);
  return !want.isExtra && (rank < want.rank || (rank === want.rank && !isGuaranteed));
}

/**
 * From when on a copy may be told to leave for a job: its residency has ended, and it is not worth too much where it is in use, or
 * where no request waits. For a lower class what is in use stays.
 */
export function tellableFrom(copy: Leavable, job: Job, isInUse = copy.isInUse): Instant {
  const isWeighed = isInUse || job.waiting.count === 0;
  const usedUntil = copy.rank > job.rank ? copy.inUseUntil : -Infinity;
  return Math.max(copy.residentUntil, usedUntil, isWeighed ? worthTakingFrom(copy, job) : -Infinity);
}

/**
 * When nothing of its own keeps a copy that is told to leave for a job at a moment. Until a later one it may be used, for a whole
 * lease, unless it had to be idle to be told.
 */
export const emptiedFrom = (copy: Leavable, job: Job, from: Instant, now: Now): Instant =>
  copy.isInUse && copy.rank <= job.rank
    ? Math.max(from > now.stamp ? from + copy.usualLease : now.stamp, copy.inUseUntil)
    : from;
