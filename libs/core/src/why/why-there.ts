import type { Fleet } from '../fleet.js';
import { type AccountId, type ModelId, type ReplicaId, replicaId, type ServerId } from '../ids.js';
import { Ledger } from '../ledger.js';
import type { Bytes, Instant, Model } from '../model.js';
import { coolingOn } from '../passes/cooling.js';
import { planFor } from '../passes/evict.js';
import { type Fit, Room } from '../passes/feasible.js';
import { type Place, placesOn } from '../passes/places.js';
import { replicasIn, victimsAmong, victimTest } from '../passes/victims.js';
import type { Want } from '../passes/wants.js';
import type { FailureCause, Phase, Replica } from '../replica.js';
import type { Server } from '../server.js';
import { openServers, type Standing, standingOf } from '../standing.js';
import { type Hold, holdsOn } from './holds.js';

/** What comes of asking for a copy on a server now. */
export type Verdict =
  /** One is there, coming or going. */
  | 'holds'
  /** There is room, now or once all that leaves has left. */
  | 'room'
  /** There is room once its victims have left. */
  | 'room_by_eviction'
  /** Too little may leave now. */
  | 'no_room'
  /** Something that it needs there is still leaving, or cannot come. */
  | 'incomplete'
  /** The last load failed a short time ago. */
  | 'cooling_down'
  /** The server takes nothing new: it does not stand, is drained, or has overdue loads in all its slots. */
  | 'closed'
  /** Not even an empty server could take it. */
  | Exclude<Fit, 'fits'>;

/** Why the model is not, or could be, on one server. */
export interface WhyThere {
  readonly server: ServerId;
  readonly standing: Standing;
  readonly isDrained: boolean;
  readonly verdict: Verdict;
  readonly cooldown: { readonly until: Instant; readonly cause: FailureCause } | null;
  /** Each way to put it there, in numbers; empty where none is worth a thought. */
  readonly places: readonly WhyPlace[];
}

/** One way to put a model on a server. */
export interface WhyPlace {
  readonly devices: readonly number[];
  /** What else would come along. */
  readonly brings: readonly ModelId[];
  readonly accounts: readonly WhyAccount[];
  /** Whose leaving would free enough; null where no set of those that may leave does. */
  readonly victims: readonly ReplicaId[] | null;
}

/** The arithmetic of one account, with all that draws on it. */
export interface WhyAccount {
  readonly account: AccountId;
  readonly needs: Bytes;
  readonly capacity: Bytes;
  readonly held: Bytes;
  readonly promised: Bytes;
  readonly leaving: Bytes;
  readonly free: Bytes;
  readonly spare: Bytes;
  readonly holders: readonly WhyHolder[];
}

/** Somebody who holds memory that is wanted, and what keeps him. */
export interface WhyHolder {
  readonly replica: ReplicaId;
  readonly phase: Phase;
  readonly bytes: Bytes;
  readonly holds: readonly Hold[];
}

/** Judges every server for one model. Changes nothing. */
export function whyThere(fleet: Fleet, model: Model, now: Instant): WhyThere[] {
  const room = new Room(fleet);
  const ledger = new Ledger(fleet, now);
  const open = new Set(openServers(fleet, now));
  const want: Want = { model, copies: 1, since: fleet.wantedSince.get(model.id) ?? now };
  return [...fleet.servers.values()].map((server) => {
    const cooldown = coolingOn(fleet, server, model.id, now) ?? null;
    const places = placesOn(fleet, server, model).map((place) => whyPlace(fleet, ledger, place, want, now));
    const fit = room.fitOn(server, model);
    const verdict = verdictOn(fleet, server, model, {
      fit,
      isOpen: open.has(server),
      isCooling: cooldown !== null,
      places,
    });
    return {
      server: server.spec.id,
      standing: standingOf(server, now),
      isDrained: server.drain !== null,
      verdict,
      cooldown: cooldown && { until: cooldown.until, cause: cooldown.cause },
      places,
    };
  });
}

interface Judged {
  readonly fit: Fit;
  readonly isOpen: boolean;
  readonly isCooling: boolean;
  readonly places: readonly WhyPlace[];
}

function verdictOn(
  { replicas }: Fleet,
  { spec }: Server,
  { id, enabled }: Model,
  { fit, isOpen, isCooling, places }: Judged,
): Verdict {
  if (replicas.has(replicaId(id, spec.id))) return 'holds';
  if (!enabled) return 'disabled';
  if (fit !== 'fits') return fit;
  if (!isOpen) return 'closed';
  if (isCooling) return 'cooling_down';
  if (places.length === 0) return 'incomplete';
  if (places.some(({ victims }) => victims?.length === 0)) return 'room';
  return places.some(({ victims }) => victims !== null) ? 'room_by_eviction' : 'no_room';
}

function whyPlace(fleet: Fleet, ledger: Ledger, place: Place, want: Want, now: Instant): WhyPlace {
  const { devices, brings, bookings } = place;
  return {
    devices,
    brings,
    victims: victimsFor(fleet, ledger, place, want, now),
    accounts: bookings.map(({ account, bytes }) => ({
      account,
      needs: bytes,
      ...ledger.of(account),
      free: ledger.free(account),
      spare: ledger.spare(account),
      holders: holdersOf(fleet, account, now),
    })),
  };
}

function victimsFor(
  fleet: Fleet,
  ledger: Ledger,
  place: Place,
  want: Want,
  now: Instant,
): readonly ReplicaId[] | null {
  if (ledger.fitsSpare(place.bookings)) return [];
  const victims = victimsAmong(fleet, victimTest(fleet, [place], want, now));
  const plan = planFor(fleet, ledger, [place], want, victims);
  return plan ? Array.from(replicasIn(plan.victims), ({ id }) => id) : null;
}

const holdersOf = (fleet: Fleet, account: AccountId, now: Instant): WhyHolder[] =>
  [...fleet.replicas.values()].flatMap((replica) => {
    const bytes = bytesOn(replica, account);
    if (bytes === 0) return [];
    return [{ replica: replica.id, phase: replica.phase, bytes, holds: holdsOn(fleet, replica, now) }];
  });

/** A change under way holds old and new. */
function bytesOn(replica: Replica, account: AccountId): Bytes {
  const change = replica.phase === 'ready' ? (replica.change?.bookings ?? []) : [];
  return [...replica.bookings, ...change]
    .filter((booking) => booking.account === account)
    .reduce((sum, { bytes }) => sum + bytes, 0);
}
