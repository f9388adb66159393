import type { Fleet } from '../fleet/fleet.js';
import { isLeaving, type Replica } from '../fleet/replica.js';
import { dependentsOf } from '../memory/footprint.js';
import type { AccountId, ReplicaId } from '../fleet/ids.js';
import type { Ledger } from '../memory/ledger.js';
import { indexesOf } from '../fleet/indexes.js';
import type { Instant } from '../fleet/model.js';
import { isGuaranteed, isPinProtected } from '../memory/pins.js';
import type { Rank } from '../demand/rank.js';
import type { Server } from '../fleet/server.js';
import { residentUntil } from '../fleet/idle-rule.js';
import { neededAt, shortfall, yieldsTo } from '../room/victims.js';
import { idleUnloadAt, isKept, settingsOf } from '../demand/idle.js';
import { growthsOn, type Place, placesOn } from '../room/places.js';
import { isAnySpent, swapFrom } from '../room/swaps.js';
import type { Want } from '../demand/wants.js';

/** When there could be room for a want; infinity: never by itself. */
export interface RoomAt {
  /** When enough memory could be free: when the last of the leases, residencies and loads ends that stand in its way. */
  readonly at: Instant;
  /** When a device has a swap left for that as well, where others have to be told to leave. */
  readonly swapAt: Instant;
}

/** When there could be memory for wants, each thing that several of them ask for worked out once. */
export class Opens {
  private readonly releases = new Map<Rank, Releases>();
  private readonly isAnySpent: boolean;

  constructor(
    private readonly fleet: Fleet,
    private readonly open: readonly Server[],
    private readonly ledger: Ledger,
    private readonly now: Instant,
  ) {
    this.isAnySpent = isAnySpent(fleet, now);
  }

  /** When there could be room for a want; null: no server can be asked just now. */
  for(want: Want): RoomAt | null {
    const { fleet, now } = this;
    const ways = want.copies > 1 ? [placesOn, growthsOn] : [placesOn];
    const places = this.open.flatMap((server) => ways.flatMap((way) => way(fleet, server, want.model)));
    if (places.length === 0) return null;
    let [at, swapAt] = [Infinity, Infinity];
    for (const place of places) {
      const free = this.freeAt(place, want, now);
      const from = this.isAnySpent ? swapFrom(fleet, place, want) : now;
      at = Math.min(at, free);
      swapAt = Math.min(swapAt, from > now ? this.freeAt(place, want, from) : free);
    }
    return { at, swapAt };
  }

  /** When there is room at a place if no copy is told to leave before `from`. What the newcomer needs there stays. */
  private freeAt(place: Place, want: Want, from: Instant): Instant {
    const short = new Map(shortfall(this.ledger, place.bookings));
    if (short.size === 0) return 0;
    const needed = neededAt(this.fleet, place, want);
    for (const { replica, at } of this.releasesFor(want).of([...short.keys()], from)) {
      if (needed.has(replica.id)) continue;
      for (const { account, bytes } of replica.bookings) {
        const missing = short.get(account);
        if (missing === undefined) continue;
        if (missing > bytes) short.set(account, missing - bytes);
        else short.delete(account);
      }
      if (short.size === 0) return at;
    }
    return Infinity;
  }

  private releasesFor({ rank }: Want): Releases {
    const known = this.releases.get(rank);
    if (known) return known;
    const releases = new Releases(this.fleet, rank, this.now);
    this.releases.set(rank, releases);
    return releases;
  }
}

interface Departure {
  readonly replica: Replica;
  readonly at: Instant;
}

/** When replicas could be let go for wants of one rank; each is judged once. */
class Releases {
  private readonly known = new Map<ReplicaId, Departure>();
  private readonly sorted = new Map<string, readonly Departure[]>();

  constructor(
    private readonly fleet: Fleet,
    private readonly rank: Rank,
    private readonly now: Instant,
  ) {}

  /** The holders of any of these accounts, the first to go first, if none is told to leave before `from`. */
  of(accounts: readonly AccountId[], from: Instant): readonly Departure[] {
    const releases = this.all(accounts);
    if (from <= this.now) return releases;
    const late = releases.map(({ replica, at }) => ({
      replica,
      at: this.leftAt(replica, Math.max(at, from)),
    }));
    return late.sort((one, other) => one.at - other.at);
  }

  /** By itself, or because it is told to. */
  private leftAt(replica: Replica, toldAt: Instant): Instant {
    const { fleet, now } = this;
    return Math.min(
      toldAt,
      withDependents(fleet, replica, (one) => idleFrom(fleet, one, now)),
    );
  }

  private all(accounts: readonly AccountId[]): readonly Departure[] {
    const key = accounts.join();
    const known = this.sorted.get(key);
    if (known) return known;
    const { holding } = indexesOf(this.fleet);
    const holders = new Set(this.fleet.unsettled);
    for (const account of accounts) for (const id of holding.get(account) ?? []) holders.add(id);
    const releases: Departure[] = [];
    for (const id of holders) releases.push(this.on(id));
    releases.sort((one, other) => one.at - other.at);
    this.sorted.set(key, releases);
    return releases;
  }

  private on(id: ReplicaId): Departure {
    const known = this.known.get(id);
    if (known) return known;
    const replica = this.fleet.replicas.get(id)!;
    const { fleet, rank, now } = this;
    const at = withDependents(fleet, replica, (one) => releasedFrom(fleet, one, rank, now));
    const release = { replica, at };
    this.known.set(id, release);
    return release;
  }
}

/** When a replica is let go, which is not before all that needs it. */
function withDependents(fleet: Fleet, replica: Replica, goneAt: (one: Replica) => Instant): Instant {
  let at = goneAt(replica);
  for (const one of dependentsOf(fleet, replica)) if (!isLeaving(one)) at = Math.max(at, goneAt(one));
  return at;
}

/** When a replica could be told to leave; where it does not yield to this rank, when it leaves by itself. */
function releasedFrom(fleet: Fleet, replica: Replica, rank: Rank, now: Instant): Instant {
  if (!yieldsTo(fleet, replica, { rank })) return idleFrom(fleet, replica, now);
  if (isStaying(fleet, replica)) return Infinity;
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

/** When a replica leaves without being told to. */
const idleFrom = (fleet: Fleet, replica: Replica, now: Instant): Instant =>
  isStaying(fleet, replica) ? Infinity : Math.max(now, retiredAt(fleet, replica, now));

/** What leaves already is in the spare memory; what a pin waits for or keeps does not leave. */
const isStaying = (fleet: Fleet, replica: Replica): boolean =>
  isLeaving(replica) || isPinProtected(fleet, replica);

/**
 * When a replica leaves by itself: when it is idle, if it is not used any more. One that is not ready yet cannot be
 * idle before it has been there for so long; counted from now that moment would never come.
 */
function retiredAt(fleet: Fleet, replica: Replica, now: Instant): Instant {
  if (replica.phase === 'ready') return idleUnloadAt(fleet, replica) ?? Infinity;
  if (replica.phase === 'unknown') return now;
  const { idleUnload, idleMode } = settingsOf(fleet, replica);
  const isEverIdle = idleMode !== 'soft' && idleUnload !== null && !isGuaranteed(fleet, replica);
  return !isEverIdle ? Infinity : replica.since + idleUnload;
}
