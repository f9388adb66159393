import type { AccountId, ModelId, ReplicaId, ServerId } from '../ids.js';
import { replicaId } from '../ids.js';
import type { Bytes, Instant } from '../model.js';
import { coolingOn } from '../passes/cooling.js';
import type { Fit } from '../passes/feasible.js';
import type { Place } from '../passes/places.js';
import type { FailureCause } from '../replica.js';
import type { Server } from '../server.js';
import { type Standing, standingOf } from '../standing.js';
import type { Scene, WhyHolder } from './scene.js';

/** What comes of asking for a copy at one place now. */
export type PlaceVerdict =
  /** There is room, now or once all that leaves has left. */
  | 'room'
  /** There is room once its victims have left. */
  | 'room_by_eviction'
  /** Too little may leave now. */
  | 'no_room';

/** What comes of asking for a copy on a server now. */
export type Verdict =
  | PlaceVerdict
  /** One is there, coming or going. */
  | 'holds'
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
  /** Each way to put it there, or one more copy of it, in numbers; empty where none is worth a thought. */
  readonly places: readonly WhyPlace[];
}

/** One way to put a model on a server. */
export interface WhyPlace {
  readonly devices: readonly number[];
  /** What else would come along. */
  readonly brings: readonly ModelId[];
  readonly verdict: PlaceVerdict;
  readonly accounts: readonly WhyAccount[];
  /** Whose leaving would free enough; null where no set of those that may leave does. */
  readonly victims: readonly ReplicaId[] | null;
}

/** The arithmetic of one account, and who draws on it where it is short. */
export interface WhyAccount {
  readonly account: AccountId;
  readonly needs: Bytes;
  readonly capacity: Bytes;
  readonly held: Bytes;
  readonly promised: Bytes;
  readonly leaving: Bytes;
  readonly free: Bytes;
  readonly spare: Bytes;
  /** What others hold of it, and what never came back; neither is in the capacity. Null: not known yet. */
  readonly foreign: Bytes | null;
  readonly residue: Bytes;
  /** The largest come first. */
  readonly holders: readonly WhyHolder[];
}

/** Judges every server for one model. Changes nothing. */
export function whyThere(scene: Scene): WhyThere[] {
  const { fleet, model, now } = scene;
  const open = new Set(scene.open);
  return Array.from(fleet.servers.values(), (server) => {
    const cooldown = coolingOn(fleet, server, model.id, now) ?? null;
    const places = scene.placesOn(server).map((place) => whyPlace(scene, place));
    const isOpen = open.has(server);
    return {
      server: server.spec.id,
      standing: standingOf(server, now),
      isDrained: server.drain !== null,
      verdict: verdictOn(scene, server, { isOpen, isCooling: cooldown !== null, places }),
      cooldown: cooldown && { until: cooldown.until, cause: cooldown.cause },
      places,
    };
  });
}

interface Judged {
  readonly isOpen: boolean;
  readonly isCooling: boolean;
  readonly places: readonly WhyPlace[];
}

function verdictOn(
  { fleet, model, room }: Scene,
  server: Server,
  { isOpen, isCooling, places }: Judged,
): Verdict {
  if (fleet.replicas.has(replicaId(model.id, server.spec.id))) return 'holds';
  if (!model.enabled) return 'disabled';
  const fit = room.fitOn(server, model);
  if (fit !== 'fits') return fit;
  if (!isOpen) return 'closed';
  if (isCooling) return 'cooling_down';
  const verdicts = new Set(places.map(({ verdict }) => verdict));
  const best = (['room', 'room_by_eviction', 'no_room'] as const).find((one) => verdicts.has(one));
  return best ?? 'incomplete';
}

function whyPlace(scene: Scene, place: Place): WhyPlace {
  const { devices, brings, bookings } = place;
  const victims = scene.victimsFor(place);
  return {
    devices,
    brings,
    verdict: victims === null ? 'no_room' : victims.length > 0 ? 'room_by_eviction' : 'room',
    victims,
    accounts: bookings.map(({ account, bytes }) => whyAccount(scene, place.server, account, bytes)),
  };
}

function whyAccount(scene: Scene, { devices, meters }: Server, account: AccountId, needs: Bytes): WhyAccount {
  const { ledger } = scene;
  const spare = ledger.spare(account);
  const device = devices?.find((one) => one.kind === 'gpu' && one.account === account);
  const meter = device && meters.get(device.ordinal);
  return {
    account,
    needs,
    ...ledger.of(account),
    free: ledger.free(account),
    spare,
    foreign: meter?.foreign ?? null,
    residue: meter?.residue ?? 0,
    holders: needs > spare ? scene.holdersOf(account) : [],
  };
}
