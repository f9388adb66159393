import { type DeviceFlag, deviceFlags } from './view.js';
import { foreignOn } from '../fleet/meter.js';
import {
  type AccountId,
  hostAccount,
  type ModelId,
  replicaId,
  type ReplicaId,
  type ServerId,
} from '../fleet/ids.js';
import { PINNED } from '../demand/rank.js';
import { isBarred } from '../memory/limits.js';
import type { Bytes, Instant } from '../fleet/model.js';
import { type Cooling, coolingOn } from '../demand/cooling.js';
import type { Fit } from '../room/feasible.js';
import type { Place } from '../room/places.js';
import { openAgainAt } from '../room/swaps.js';
import type { Device, Server } from '../fleet/server.js';
import { type Standing, standingOf } from '../fleet/standing.js';
import type { Scene, WhyHolder, WhyMove } from './scene.js';

/** What would come of a load at one place now. */
type PlaceVerdict =
  /** There is room, now or once the copies that are leaving have left. */
  | 'room'
  /** There is room once its victims have left. */
  | 'room_by_eviction'
  /** There would be room by eviction, but the swaps that its devices may have in a minute are spent. */
  | 'swaps_spent'
  /** There is room once one copy was moved. */
  | 'room_by_move'
  /** The copies that may leave now would not free enough. */
  | 'no_room';

/** What would come of a load on a server now. */
export type Verdict =
  | PlaceVerdict
  /** A copy is there, on its way or leaving. */
  | 'holds'
  /** A model that it depends on is still leaving there, or cannot be loaded. */
  | 'incomplete'
  /** The last load failed a short time ago. */
  | 'cooling_down'
  /** The server takes no loads: it does not stand, drains, or has overdue loads in all its slots. */
  | 'closed'
  | 'frozen'
  /** The model, or one that it depends on, is quarantined. */
  | 'quarantined'
  /** Not even the empty server could hold it. */
  | Exclude<Fit, 'fits'>;

/** Whether the model could be on one server, and why not. */
export interface WhyThere {
  readonly server: ServerId;
  readonly standing: Standing;
  readonly isDrained: boolean;
  readonly verdict: Verdict;
  /** When the verdict ends by time alone; null where it does not. */
  readonly until: Instant | null;
  readonly cooldown: WhyCooling | null;
  /** The ways to load it there, or one more copy of it; empty where there is none. */
  readonly places: readonly WhyPlace[];
  readonly devices: readonly WhyDevice[];
  readonly host: WhyMemory;
}

/** `until` is null where the wait ends with a load that is on its way. */
type WhyCooling = Omit<Cooling, 'until'> & { readonly until: Instant | null };

/** Whether the model could be on one device, and why not. */
export interface WhyDevice {
  readonly ordinal: number;
  readonly kind: Device['kind'];
  readonly verdict: Verdict;
  /** When the verdict ends by time alone; null where it does not. */
  readonly until: Instant | null;
  /** The best way to load the model onto it, alone or together with other devices; null where there is none. */
  readonly place: WhyPlace | null;
  readonly memory: WhyMemory;
  readonly flags: readonly DeviceFlag[];
}

/** One way to load a model on a server. */
export interface WhyPlace {
  readonly devices: readonly number[];
  /** The models that would be loaded with it. */
  readonly brings: readonly ModelId[];
  readonly verdict: PlaceVerdict;
  /** When its devices have a swap left again, where the verdict is `swaps_spent`; otherwise null. */
  readonly until: Instant | null;
  readonly accounts: readonly WhyAccount[];
  /** The replicas whose leaving would free enough; null where none would. */
  readonly victims: readonly ReplicaId[] | null;
  /** The move that frees it, or would. */
  readonly move: WhyMove | null;
}

/** The memory of one account in which a place books. */
export interface WhyAccount extends WhyMemory {
  readonly needs: Bytes;
}

/** The memory of one account, and the replicas that hold it where it is short. All in bytes. */
export interface WhyMemory {
  readonly account: AccountId;
  /** What would be booked there; null where no place books there. */
  readonly needs: Bytes | null;
  readonly capacity: Bytes;
  readonly held: Bytes;
  readonly promised: Bytes;
  readonly leaving: Bytes;
  readonly free: Bytes;
  readonly spare: Bytes;
  /** `foreign` and `residue` are not part of the capacity. Null: not known yet. */
  readonly foreign: Bytes | null;
  readonly residue: Bytes;
  /** The largest first. */
  readonly holders: readonly WhyHolder[];
}

/** Judges every server for one model. Changes nothing. */
export function whyThere(scene: Scene): WhyThere[] {
  const open = new Set(scene.open);
  return Array.from(scene.fleet.servers.values(), (server) => whyServer(scene, server, open.has(server)));
}

function whyServer(scene: Scene, server: Server, isOpen: boolean): WhyThere {
  const { fleet, model, now } = scene;
  const { id, host } = server.spec;
  const cooldown = whyCooling(coolingOn(fleet, server, model.id, now));
  const places = scene.placesOn(server).map((place) => whyPlace(scene, place));
  const lasting = lastingVerdict(scene, server, isOpen);
  const judge = (place: WhyPlace | null): Judgement => {
    if (lasting) return { verdict: lasting, until: null };
    if (cooldown) return { verdict: 'cooling_down', until: cooldown.until };
    return { verdict: place?.verdict ?? 'incomplete', until: place?.until ?? null };
  };
  const replica = fleet.replicas.get(replicaId(model.id, id));
  const best = bestOf(places);
  return {
    server: id,
    standing: standingOf(server, now),
    isDrained: server.drain !== null,
    ...(replica ? HOLDS : judge(best)),
    cooldown,
    places,
    devices: (server.devices ?? []).map((device) => {
      const { ordinal, kind, account } = device;
      const place = bestOf(places.filter(({ devices }) => devices.includes(ordinal)));
      const memory = memoryAt(scene, server, place, account);
      const isHeld = replica?.devices.includes(ordinal);
      const flags = deviceFlags(server, device, memory);
      return { ordinal, kind, ...(isHeld ? HOLDS : judge(place)), place, memory, flags };
    }),
    host: memoryAt(scene, server, best, hostAccount(host)),
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

type Judgement = Pick<WhyThere, 'verdict' | 'until'>;

const HOLDS: Judgement = { verdict: 'holds', until: null };

/** The verdict on a whole server that neither a place nor time changes; null where there is none. */
function lastingVerdict({ fleet, model, room }: Scene, server: Server, isOpen: boolean): Verdict | null {
  if (!model.enabled) return 'disabled';
  if (isBarred(fleet, model.id)) return 'quarantined';
  const fit = room.fitOn(server, model);
  if (fit !== 'fits') return fit;
  if (!isOpen) return 'closed';
  return fleet.frozen ? 'frozen' : null;
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
  server: Server,
  account: AccountId,
  needs: Needs,
): WhyMemory & { readonly needs: Needs } {
  const { ledger } = scene;
  const spare = ledger.spare(account);
  const { capacity, held, promised, leaving } = ledger.of(account);
  const device = server.devices?.find((one) => one.kind === 'gpu' && one.account === account);
  return {
    account,
    needs,
    capacity,
    held,
    promised,
    leaving,
    free: ledger.free(account),
    spare,
    foreign: device ? foreignOn(server, device.ordinal) : null,
    residue: (device && server.meters.get(device.ordinal)?.residue) ?? 0,
    holders: (needs ?? 0) > spare ? scene.holdersOf(account) : [],
  };
}
