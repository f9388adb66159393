import type { Now } from '../numbers/now.js';
import { type Fleet, unsettledAt } from '../fleet/fleet.js';
import type { AccountId, ReplicaId, ServerId } from '../fleet/ids.js';
import { indexesOf } from '../fleet/indexes.js';
import { bytesOn } from '../fleet/meter.js';
import type { Instant } from '../fleet/model.js';
import { type Booking, isLeaving, type Placed, type Replica } from '../fleet/replica.js';
import { isStuck } from '../fleet/standing.js';
import { opensAt, SOON } from '../learned/closing.js';
import type { Forecast } from '../learned/load-times.js';
import { unloadForecast } from '../learned/unload-times.js';
import { silentUntil } from '../learned/watchers.js';
import { deviceOf, ownersOf } from '../memory/account-owners.js';
import { dependentsOf } from '../memory/footprint.js';
import type { Ledger } from '../memory/ledger.js';
import { isPinProtected, isReplaced } from '../memory/pins.js';
import { isComingBack } from '../memory/reloads.js';
import { appendTo, madeOnce } from '../numbers/groups.js';
import type { Want } from '../demand/wants.js';
import { keepsEnough } from '../room/victims.js';
import { AT, type Chunk, latest, reachedAt, withChunk, chunksWithout } from './chunks.js';
import { goneAt, toldFrom } from './releases.js';
import { type Leavable, ofLoading, ReadyCopy } from './leavable.js';
import type { ServerSlots } from './slots.js';

/** The eviction curve of an account: what is free by when, and what copies could free that may leave. */
interface Curve {
  /** In the order of the moments, by the P50. */
  chunks: readonly Chunk[];
  /** Null until they are asked for: most loads find room without. */
  copies: readonly Leavable[] | null;
}

/** The eviction curves of one pass over the line. Jobs take from them in the order of the line. */
export class Curves {
  private readonly known = new Map<AccountId, Curve>();
  private readonly leavables = new Map<ReplicaId, Leavable | undefined>();
  private readonly coming = new Map<AccountId, Leavable[]>();
  /** When the memory of copies is free that leave for jobs before. */
  private readonly released = new Map<ReplicaId, { readonly copy: Leavable; readonly at: Forecast }>();
  private readonly placedFrom = new Map<ReplicaId, Forecast>();
  private readonly told = new Map<ServerId, Forecast>();
  private readonly opens = new Map<AccountId, Instant>();

  constructor(
    private readonly fleet: Fleet,
    private readonly ledger: Ledger,
    private readonly slots: ServerSlots,
    private readonly now: Now,
  ) {}

  /** What is free by when, for any job, in the order of the moments. */
  chunksOn(account: AccountId): readonly Chunk[] {
    return this.on(account).chunks;
  }

  /** The copies that hold memory of an account, or are to, and may leave; each once. */
  copiesOn(account: AccountId): readonly Leavable[] {
    const curve = this.on(account);
    return (curve.copies ??= this.copiesOf(account));
  }

  private on(account: AccountId): Curve {
    return madeOnce(this.known, account, () => ({ chunks: this.chunksOf(account), copies: null }));
  }

  /** The copies that leave with one: those that depend on it. Null where one of them stays, or leaves for a job before. */
  withDependents(copy: Leavable): readonly Leavable[] | null {
    const replica = this.fleet.replicas.get(copy.id);
    if (this.fleet.composed.size === 0 || !replica) return [copy];
    const others = dependentsOf(this.fleet, replica).map((one) => this.leavableOf(one));
    return others.every((one) => one !== undefined && !this.isReleased(one))
      ? [copy, ...(others as Leavable[])]
      : null;
  }

  isReleased({ id }: Pick<Leavable, 'id'>): boolean {
    return this.released.has(id);
  }

  /** Whether a pin, or `copies.min` of the want's class, needs a copy beside those that leave for jobs before. */
  isKept({ model, replica }: Leavable, want: Want): boolean {
    if (!replica || isReplaced(this.fleet, replica)) return false;
    const isGoing = (id: ReplicaId): boolean => id === replica.id || this.released.has(id);
    return !keepsEnough(this.fleet, model, { has: isGoing }, want);
  }

  /** A copy leaves for a job: from then on its memory is free, all of it. */
  release(copy: Leavable, at: Forecast): void {
    this.released.set(copy.id, { copy, at });
    for (const { account, bytes } of copy.bookings) {
      const curve = this.known.get(account);
      if (!curve || bytes <= 0) continue;
      curve.copies = curve.copies?.filter(({ id }) => id !== copy.id) ?? null;
      curve.chunks = withChunk(curve.chunks, { at: this.openFrom(account, at), bytes });
    }
  }

  /** A job brings a copy, which may leave again. */
  bring(copy: Leavable): void {
    for (const { account, bytes } of copy.bookings) {
      if (bytes <= 0) continue;
      appendTo(this.coming, account, copy);
      const curve = this.known.get(account);
      if (curve?.copies) curve.copies = [...curve.copies, copy];
    }
  }

  /** When so much is free of each of these accounts if no copy leaves that need not; infinite where it never is. */
  freeAt(bookings: readonly Booking[]): Forecast {
    let [p50, p90] = [this.now.stamp, this.now.stamp];
    for (const { account, bytes } of bookings) {
      const chunks = this.chunksOn(account);
      p50 = Math.max(p50, reachedAt(chunks, bytes, 'p50'));
      p90 = Math.max(p90, reachedAt(chunks, bytes, 'p90'));
    }
    return { p50, p90 };
  }

  /** Takes so much of each of these accounts for a load that begins at a moment: of what is free by then the last first. */
  take(bookings: readonly Booking[], begins: Instant): void {
    for (const { account, bytes } of bookings) {
      if (bytes <= 0) continue;
      const curve = this.on(account);
      curve.chunks = chunksWithout(curve.chunks, bytes, begins);
    }
  }

  /** From when on loads may begin on all devices of these accounts: now, unless one is closed. Infinity: there is no telling. */
  opensAt(bookings: readonly Booking[]): Instant {
    let at = this.now.stamp;
    for (const { account, bytes } of bookings) if (bytes > 0) at = Math.max(at, this.openOf(account));
    return at;
  }

  /**
   * When what empties on a server at a moment may be unloaded: not beside a load whose config is pending, of those in work and
   * those of jobs before, nor before watchers that are silent have heard.
   */
  unloadFrom(server: ServerId, at: Instant): Forecast {
    const { fleet, now } = this;
    const told = madeOnce(this.told, server, () => toldFrom(fleet, server, now));
    const heard = Math.max(at, silentUntil(fleet, now));
    const reserved = this.slots.ifAskedFor(server)?.unloadFrom(Math.max(heard, told.p50)) ?? AT(heard);
    return latest(reserved, told);
  }

  private openOf(account: AccountId): Instant {
    return madeOnce(this.opens, account, () => {
      let at = this.now.stamp;
      for (const owner of ownersOf(this.fleet, account)) {
        const device = deviceOf(owner);
        if (device) at = Math.max(at, opensAt(this.fleet, owner.server, device, this.now));
      }
      return at;
    });
  }

  private openFrom(account: AccountId, { p50, p90 }: Forecast): Forecast {
    const opens = this.openOf(account);
    return { p50: Math.max(p50, opens), p90: Math.max(p90, opens) };
  }

  private chunksOf(account: AccountId): readonly Chunk[] {
    const { capacity, held } = this.ledger.of(account);
    if (capacity === Infinity) return [{ at: AT(this.now.stamp), bytes: Infinity }];
    const free = this.ledger.free(account);
    const withheld = capacity - held - free;
    const chunks: Chunk[] = [{ at: AT(this.now.stamp), bytes: free }];
    if (withheld > 0) chunks.push({ at: AT(this.openOf(account)), bytes: withheld });
    for (const replica of unsettledAt(this.fleet, account)) {
      const bytes = bytesOn(account, replica.bookings);
      const at = bytes > 0 ? this.leavesFrom(replica) : undefined;
      if (at) chunks.push({ at: this.openFrom(account, at), bytes });
    }
    for (const { copy, at } of this.released.values()) {
      const bytes = bytesOn(account, copy.bookings);
      if (bytes > 0) chunks.push({ at: this.openFrom(account, at), bytes });
    }
    chunks.sort((one, other) => one.at.p50 - other.at.p50);
    return this.withoutPlaced(account, chunks);
  }

  private copiesOf(account: AccountId): readonly Leavable[] {
    const { fleet } = this;
    const settled = Array.from(indexesOf(fleet).holding.get(account) ?? [], (id) => fleet.replicas.get(id)!);
    const there = [...settled, ...unsettledAt(fleet, account)].flatMap((one) => this.leavableOf(one) ?? []);
    return [...there, ...(this.coming.get(account) ?? [])].filter(
      (one) => !this.isReleased(one) && bytesOn(account, one.bookings) > 0,
    );
  }

  /** What has its place, or is to come back with more devices, has its memory, the first to get it first; others have what is left. */
  private withoutPlaced(account: AccountId, chunks: readonly Chunk[]): readonly Chunk[] {
    let left = chunks;
    const placed = unsettledAt(this.fleet, account).filter((one) => one.phase === 'placed');
    for (const one of placed.sort((a, b) => a.since - b.since)) {
      const bytes = bytesOn(account, one.bookings);
      if (bytes <= 0) continue;
      const known = this.placedFrom.get(one.id) ?? AT(this.now.stamp);
      const at = { p50: reachedAt(left, bytes, 'p50'), p90: reachedAt(left, bytes, 'p90') };
      this.placedFrom.set(one.id, latest(known, at));
      left = chunksWithout(left, bytes, -Infinity);
    }
    for (const { bookings } of this.fleet.reloads.values()) {
      const bytes = bytesOn(account, bookings);
      if (bytes > 0) left = chunksWithout(left, bytes, -Infinity);
    }
    return left;
  }

  /** When the memory of a load is free that has its place. */
  placedAt(replica: Placed): Forecast {
    for (const { account } of replica.bookings) this.chunksOn(account);
    return this.placedFrom.get(replica.id) ?? AT(this.now.stamp);
  }

  /** When the memory of a copy that leaves is free, for any job; undefined where the copy stays. */
  private leavesFrom(replica: Replica): Forecast | undefined {
    const { fleet, now } = this;
    if (isStuck(fleet, replica, now)) return undefined;
    if (isLeaving(replica)) {
      if (isComingBack(fleet, replica)) return undefined;
      return goneAt(fleet, replica, now, (at) => this.unloadFrom(replica.server, at));
    }
    if (replica.phase !== 'unknown' || isPinProtected(fleet, replica)) return undefined;
    if (dependentsOf(fleet, replica).some((one) => !isLeaving(one))) return undefined;
    const { p50, p90 } = unloadForecast(fleet.servers.get(replica.server));
    return { p50: now.stamp + SOON + p50, p90: now.stamp + SOON + p90 };
  }

  private leavableOf(replica: Replica): Leavable | undefined {
    return madeOnce(this.leavables, replica.id, () => {
      const { fleet, now } = this;
      if (replica.phase === 'ready') return new ReadyCopy(fleet, replica, now);
      return replica.phase === 'loading' ? ofLoading(fleet, replica, now) : undefined;
    });
  }
}
