import type { Fleet } from '../fleet.js';
import type { Replica } from '../replica.js';
import { dependentsOf } from '../footprint.js';
import type { AccountId, ReplicaId } from '../ids.js';
import type { Ledger } from '../ledger.js';
import { indexesOf } from '../indexes.js';
import type { Instant } from '../model.js';
import { isGuaranteed, isPinProtected } from '../pins.js';
import type { Server } from '../server.js';
import { residentUntil } from '../idle-rule.js';
import { neededAt, shortfall, yieldsTo } from './victims.js';
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
  const releases = new Releases(fleet, want, now);
  let at = Infinity;
  for (const place of places) at = Math.min(at, freeAt(fleet, ledger, place, want, releases));
  return at;
}

/** What the newcomer needs there stays. */
function freeAt(fleet: Fleet, ledger: Ledger, place: Place, want: Want, releases: Releases): Instant {
  const short = new Map(shortfall(ledger, place.bookings));
  if (short.size === 0) return 0;
  const needed = neededAt(fleet, place, want);
  for (const { replica, at } of releases.of(short.keys())) {
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

interface Release {
  readonly replica: Replica;
  readonly at: Instant;
}

/** When replicas could be let go for a want; each is judged once. */
class Releases {
  private readonly known = new Map<ReplicaId, Release>();

  constructor(
    private readonly fleet: Fleet,
    private readonly want: Want,
    private readonly now: Instant,
  ) {}

  /** Of what holds any of these accounts, the first to go first. */
  of(accounts: Iterable<AccountId>): Release[] {
    const { holding } = indexesOf(this.fleet);
    const holders = new Set(this.fleet.unsettled);
    for (const account of accounts) for (const id of holding.get(account) ?? []) holders.add(id);
    const releases: Release[] = [];
    for (const id of holders) releases.push(this.on(id));
    return releases.sort((one, other) => one.at - other.at);
  }

  private on(id: ReplicaId): Release {
    const known = this.known.get(id);
    if (known) return known;
    const replica = this.fleet.replicas.get(id)!;
    const release = { replica, at: releasedAt(this.fleet, replica, this.want, this.now) };
    this.known.set(id, release);
    return release;
  }
}

/** When a replica could be let go at the earliest, which is not before all that needs it. */
function releasedAt(fleet: Fleet, replica: Replica, want: Want, now: Instant): Instant {
  let at = releasedAlone(fleet, replica, want, now);
  for (const one of dependentsOf(fleet, replica)) {
    if (!isLeaving(one)) at = Math.max(at, releasedAlone(fleet, one, want, now));
  }
  return at;
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
