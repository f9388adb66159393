import { type DeviceFlag, deviceFlags } from '../memory/device-flags.js';
import type { AccountId, ModelId, ReplicaId, ServerId } from '../fleet/ids.js';
import { PINNED } from '../demand/rank.js';
import { hostAccount, replicaId } from '../fleet/ids.js';
import { isBarred } from '../memory/limits.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { type Cooling, coolingOn } from '../demand/cooling.js';
import type { Fit } from '../room/feasible.js';
import type { Place } from '../room/places.js';
import { openAgainAt } from '../room/swaps.js';
import type { Device, Server } from '../fleet/server.js';
import { type Standing, standingOf } from '../fleet/standing.js';
import type { Scene, WhyHolder, WhyMove } from './scene.js';

/** What comes of asking for a copy at one place now. */
export type PlaceVerdict =
  /** There is room, now or once all that leaves has left. */
  | 'room'
  /** There is room once its victims have left. */
  | 'room_by_eviction'
  /** There would be, but its devices have had their swaps of a minute: no copy leaves before one is left again. */
  | 'swaps_spent'
  /** There is room once a copy in the way was loaded elsewhere and has left. */
  | 'room_by_move'
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
  /** The fleet is frozen: nothing is loaded before that ends, whatever room there is. */
  | 'frozen'
  /** The model, or something that it is made of, took more than its limit: it is not loaded before that is allowed. */
  | 'quarantined'
  /** Not even an empty server could take it. */
  | Exclude<Fit, 'fits'>;

/** Why the model is not, or could be, on one server. */
export interface WhyThere {
  readonly server: ServerId;
  readonly standing: Standing;
  readonly isDrained: boolean;
  readonly verdict: Verdict;
  /** When time alone ends the verdict; null where it does not. */
  readonly until: Instant | null;
  readonly cooldown: WhyCooling | null;
  /** Each way to put it there, or one more copy of it, in numbers; empty where none is worth a thought. */
  readonly places: readonly WhyPlace[];
  readonly devices: readonly WhyDevice[];
  /** The memory of its host. */
  readonly host: WhyMemory;
}

/** What keeps it away after failed loads; null where the end is not known, since a load elsewhere is to show it. */
type WhyCooling = Omit<Cooling, 'until'> & { readonly until: Instant | null };

/** Why there is no copy on one device, or could be. */
export interface WhyDevice {
  readonly ordinal: number;
  readonly kind: Device['kind'];
  readonly verdict: Verdict;
  /** As of a server. */
  readonly until: Instant | null;
  /** The best way to put the model on it, if need be together with others; null where there is none. */
  readonly place: WhyPlace | null;
  readonly memory: WhyMemory;
  readonly flags: readonly DeviceFlag[];
}

/** One way to put a model on a server. */
export interface WhyPlace {
  readonly devices: readonly number[];
  /** What else would come along. */
  readonly brings: readonly ModelId[];
  readonly verdict: PlaceVerdict;
  /** When its devices have a swap left again, where they have none now and others would have to leave. */
  readonly until: Instant | null;
  readonly accounts: readonly WhyAccount[];
  /** Whose leaving would free enough; null where no set of those that may leave does. */
  readonly victims: readonly ReplicaId[] | null;
  /** What is moved for it, or would be. */
  readonly move: WhyMove | null;
}

/** The arithmetic of one account that a place draws on. */
export interface WhyAccount extends WhyMemory {
  readonly needs: Bytes;
}

/** The arithmetic of one account, and the replicas that draw on it where it is short. */
export interface WhyMemory {
  readonly account: AccountId;
  /** What would be booked there; null where nothing can be. */
  readonly needs: Bytes | null;
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
  const open = new Set(scene.open);
  return Array.from(scene.fleet.servers.values(), (server) => whyServer(scene, server, open.has(server)));
}

function whyServer(scene: Scene, server: Server, isOpen: boolean): WhyThere {
  const { fleet, model, now } = scene;
  const cooldown = whyCooling(coolingOn(fleet, server, model.id, now));
  const places = scene.placesOn(server).map((place) => whyPlace(scene, place));
  const judged = { isOpen, cooldown };
  const replica = fleet.replicas.get(replicaId(model.id, server.spec.id));
  const host = hostAccount(server.spec.host);
  return {
    server: server.spec.id,
    standing: standingOf(server, now),
    isDrained: server.drain !== null,
    ...(replica ? HOLDS : judge(scene, server, { ...judged, places })),
    cooldown,
    places,
    devices: (server.devices ?? []).map((device) => {
      const { ordinal, kind, account } = device;
      const near = places.filter(({ devices }) => devices.includes(ordinal));
      const place = bestOf(near);
      const memory = memoryAt(scene, server, place, account);
      return {
        ordinal,
        kind,
        ...(replica?.devices.includes(ordinal) ? HOLDS : judge(scene, server, { ...judged, places: near })),
        place,
        memory,
        flags: deviceFlags(server, device, memory),
      };
    }),
    host: memoryAt(scene, server, bestOf(places), host),
  };
}

const whyCooling = (cooling: Cooling | undefined): WhyCooling | null =>
  cooling ? { ...cooling, until: cooling.until < Infinity ? cooling.until : null } : null;

const BEST_FIRST: readonly PlaceVerdict[] = [
  'room',
  'room_by_eviction',
  'room_by_move',
  'swaps_spent',
  'no_room',
];

const bestOf = (places: readonly WhyPlace[]): WhyPlace | null =>
  places.toSorted(
    (a, b) =>
      BEST_FIRST.indexOf(a.verdict) - BEST_FIRST.indexOf(b.verdict) || (a.until ?? 0) - (b.until ?? 0),
  )[0] ?? null;

const memoryAt = (scene: Scene, server: Server, place: WhyPlace | null, account: AccountId): WhyMemory =>
  place?.accounts.find((one) => one.account === account) ?? whyMemory(scene, server, account, null);

interface Judged {
  readonly isOpen: boolean;
  readonly cooldown: WhyCooling | null;
  readonly places: readonly WhyPlace[];
}

type Judgement = Pick<WhyThere, 'verdict' | 'until'>;

const HOLDS: Judgement = { verdict: 'holds', until: null };

function judge(scene: Scene, server: Server, { isOpen, cooldown, places }: Judged): Judgement {
  const lasting = lastingVerdict(scene, server) ?? (isOpen ? null : 'closed');
  if (lasting !== null) return { verdict: lasting, until: null };
  if (scene.fleet.frozen) return { verdict: 'frozen', until: null };
  if (cooldown) return { verdict: 'cooling_down', until: cooldown.until };
  const { verdict = 'incomplete', until = null } = bestOf(places) ?? {};
  return { verdict, until };
}

/** What neither time nor an eviction changes; null where there is no such thing. */
function lastingVerdict({ fleet, model, room }: Scene, server: Server): Verdict | null {
  if (!model.enabled) return 'disabled';
  if (isBarred(fleet, model.id)) return 'quarantined';
  const fit = room.fitOn(server, model);
  return fit === 'fits' ? null : fit;
}

function whyPlace(scene: Scene, place: Place): WhyPlace {
  const { devices, brings, bookings } = place;
  const { victims, move } = scene.wayAt(place);
  const verdict = move ? 'room_by_move' : placeVerdict(scene, place, victims);
  return {
    devices,
    brings,
    verdict,
    until: verdict === 'swaps_spent' ? openAgainAt(scene.fleet, place) : null,
    victims,
    move,
    accounts: bookings.map(({ account, bytes }) => whyMemory(scene, place.server, account, bytes)),
  };
}

function placeVerdict(
  { fleet, job, now }: Scene,
  place: Place,
  victims: readonly ReplicaId[] | null,
): PlaceVerdict {
  if (victims === null) return 'no_room';
  if (victims.length === 0) return 'room';
  return job.rank === PINNED || job.isStarving || openAgainAt(fleet, place) <= now
    ? 'room_by_eviction'
    : 'swaps_spent';
}

function whyMemory<Needs extends Bytes | null>(
  scene: Scene,
  { devices, meters }: Server,
  account: AccountId,
  needs: Needs,
): WhyMemory & { readonly needs: Needs } {
  const { ledger } = scene;
  const spare = ledger.spare(account);
  const { capacity, held, promised, leaving } = ledger.of(account);
  const device = devices?.find((one) => one.kind === 'gpu' && one.account === account);
  const meter = device && meters.get(device.ordinal);
  return {
    account,
    needs,
    ...{ capacity, held, promised, leaving },
    free: ledger.free(account),
    spare,
    foreign: meter?.foreign ?? null,
    residue: meter?.residue ?? 0,
    holders: (needs ?? 0) > spare ? scene.holdersOf(account) : [],
  };
}
