import type { Fleet } from '../fleet/fleet.js';
import { type ModelId, type ReplicaId, replicaId, type ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Booking, Loading, Ready, Replica } from '../fleet/replica.js';
import { residentUntil, settingsOf } from '../fleet/idle-rule.js';
import { isOverdue, takesOrders } from '../fleet/standing.js';
import { hasQueue, idleUnloadAt } from '../demand/idle.js';
import { type Rank, rankOf } from '../demand/rank.js';
import { usualLease } from '../learned/leases.js';
import { restOfLoad } from '../learned/load-forecast.js';
import { densityOf, worthOf } from '../learned/worth.js';
import { isGuaranteed, isPinProtected, isWrittenOff } from '../memory/pins.js';
import { isKept } from '../fleet/idle-rule.js';
import { worthTakingFrom } from './worth-more.js';
import type { Job } from './job.js';

/** A copy that may leave for a job: one that is ready, one that loads, or one that a job ahead is to bring. */
export interface Leavable {
  readonly id: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  readonly bookings: readonly Booking[];
  readonly rank: Rank;
  /** Whether it may be told to leave at all. */
  readonly mayBeTold: boolean;
  /** Whether it is one of the copies that `copies.min` keeps from its own class. */
  readonly isGuaranteed: boolean;
  /** Whether it is in use, or will be once it is there. */
  readonly isInUse: boolean;
  /** Whether no copy by demand may take its place. */
  readonly isBusy: boolean;
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
  private weighed: { readonly worth: number } | undefined;
  private compared: { readonly density: number } | undefined;

  constructor(
    private readonly fleet: Fleet,
    private readonly replica: Ready,
    private readonly isAwaited: boolean,
    private readonly now: Instant,
  ) {
    const { id, model, server, bookings, inUseUntil } = replica;
    [this.id, this.model, this.server, this.bookings, this.inUseUntil] = [
      id,
      model,
      server,
      bookings,
      inUseUntil,
    ];
    this.rank = rankOf(settingsOf(fleet, replica).class);
    this.residentUntil = residentUntil(fleet, replica);
    this.lastUse = replica.lastUse;
  }

  get mayBeTold(): boolean {
    const { fleet, replica } = this;
    return (
      !this.isAwaited &&
      takesOrders(fleet.servers.get(replica.server)!, this.now) &&
      !isPinProtected(fleet, replica) &&
      !isKept(fleet, replica)
    );
  }

  get isGuaranteed(): boolean {
    return isGuaranteed(this.fleet, this.replica);
  }

  get isInUse(): boolean {
    return this.inUseUntil > this.now;
  }

  get isBusy(): boolean {
    return this.isInUse || hasQueue(this.fleet, this.replica) || isWrittenOff(this.fleet, this.replica);
  }

  get usualLease(): Millis {
    return usualLease(this.fleet, this.model);
  }

  get idleAt(): Instant {
    return idleUnloadAt(this.fleet, this.replica) ?? Infinity;
  }

  get worth(): number {
    this.weighed ??= { worth: shareOfWorth(this.fleet, this.model, this.now) };
    return this.weighed.worth;
  }

  get density(): number {
    this.compared ??= { density: densityOf(this.fleet, this.replica) };
    return this.compared.density;
  }
}

/** What loads; undefined where its end cannot be told, or where it stays. */
export function ofLoading(fleet: Fleet, replica: Loading, now: Instant): Leavable | undefined {
  if (isOverdue(fleet, replica, now) || isPinProtected(fleet, replica)) return undefined;
  const { p50 } = restOfLoad(fleet, replica, now);
  const coming = toCome(fleet, replica, now + p50, now);
  return { ...coming, isGuaranteed: isGuaranteed(fleet, replica) };
}

/** What is to be ready at a moment. It will be used once it is there. */
export function toCome(
  fleet: Fleet,
  { model, server, bookings }: Pick<Replica, 'model' | 'server' | 'bookings'>,
  readyAt: Instant,
  now: Instant,
): Leavable {
  const settings = fleet.models.get(model) ?? fleet.defaults;
  return {
    id: replicaId(model, server),
    model,
    server,
    bookings,
    rank: rankOf(settings.class),
    mayBeTold: true,
    isGuaranteed: false,
    isInUse: true,
    isBusy: true,
    residentUntil: readyAt + settings.minResidency,
    inUseUntil: -Infinity,
    usualLease: usualLease(fleet, model),
    idleAt: Infinity,
    worth: shareOfWorth(fleet, model, now),
    density: Infinity,
    lastUse: Infinity,
  };
}

const shareOfWorth = (fleet: Fleet, model: ModelId, now: Instant): number =>
  worthOf(fleet, model, now) / Math.max(1, fleet.holders.get(model)?.size ?? 0);

/** Whether a copy yields to a job by its class, whatever its use. */
export const yieldsToJob = (copy: Leavable, { rank, model, want }: Job): boolean => {
  if (!copy.mayBeTold || copy.rank > rank || (copy.rank === rank && copy.isGuaranteed)) return false;
  return !want?.isExtra || (!copy.isBusy && copy.model !== model);
};

/**
 * From when on a copy may be told to leave for a job: its residency has ended, and it is not worth too much where it is in use, or
 * where no request waits.
 */
export function tellableFrom(copy: Leavable, job: Job, isInUse = copy.isInUse): Instant {
  const isWeighed = isInUse || job.waiting.count === 0;
  return Math.max(copy.residentUntil, isWeighed ? worthTakingFrom(copy, job) : -Infinity);
}

/** When nothing of its own keeps a copy that is told to leave at a moment. Until a later one it may be used, for a whole lease. */
export const emptiedFrom = (copy: Leavable, from: Instant, now: Instant): Instant =>
  copy.isInUse ? Math.max(from > now ? from + copy.usualLease : now, copy.inUseUntil) : from;
