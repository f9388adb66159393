import { type DeviceFlag, deviceFlags, type ServerFlag, serverFlags } from './view.js';
import { type AccountId, hostAccount, replicaId, type ServerId } from '../fleet/ids.js';
import { whyClosed, type WhyClosed } from '../learned/closing.js';
import { needsQuarantined } from '../memory/limits.js';
import type { Instant } from '../fleet/model.js';
import { type Cooling, coolingOn } from '../demand/cooling.js';
import type { Fit } from '../room/feasible.js';
import type { Device, Server } from '../fleet/server.js';
import { type Standing, standingOf } from '../fleet/standing.js';
import type { Scene } from './scene.js';
import {
  bestPlace,
  type PlaceVerdict,
  type WhyMemory,
  whyMemory,
  type WhyPlace,
  whyPlace,
} from './why-place.js';

/** What would come of a load on a server now. */
export type Verdict =
  | PlaceVerdict
  /** A copy is there, on its way or leaving. A server has one at most, on one or several of its devices. */
  | 'holds'
  /** A model that it depends on is still leaving there, or cannot be loaded. */
  | 'incomplete'
  /** The last load failed a short time ago. */
  | 'cooling_down'
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
  readonly flags: readonly ServerFlag[];
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
  /** Null: the device is open. */
  readonly closed: WhyClosed | null;
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
  const isHeld = fleet.replicas.has(replicaId(model.id, id));
  const judge = (place: WhyPlace | null): Judgement => {
    if (isHeld) return { verdict: 'holds', until: null };
    if (lasting) return { verdict: lasting, until: null };
    if (cooldown) return { verdict: 'cooling_down', until: cooldown.until };
    return { verdict: place?.verdict ?? 'incomplete', until: place?.until ?? null };
  };
  const best = bestPlace(places);
  return {
    server: id,
    standing: standingOf(server, now),
    isDrained: server.drain !== null,
    ...judge(best),
    cooldown,
    places,
    devices: (server.devices ?? []).map((device) => {
      const { ordinal, kind, account } = device;
      const place = bestPlace(places.filter(({ devices }) => devices.includes(ordinal)));
      const memory = memoryAt(scene, server, place, account);
      const flags = deviceFlags(server, device, memory);
      const closed = whyClosed(fleet, server, device, now);
      return { ordinal, kind, ...judge(place), place, memory, flags, closed };
    }),
    host: memoryAt(scene, server, best, hostAccount(host)),
    flags: serverFlags(fleet, server, now),
  };
}

const whyCooling = (cooling: Cooling | undefined): WhyCooling | null =>
  cooling ? { ...cooling, until: cooling.until < Infinity ? cooling.until : null } : null;

const memoryAt = (scene: Scene, server: Server, place: WhyPlace | null, account: AccountId): WhyMemory =>
  place?.accounts.find((one) => one.account === account) ?? whyMemory(scene, server, account, null);

type Judgement = Pick<WhyThere, 'verdict' | 'until'>;

/** The verdict on a whole server that neither a place nor time changes; null where there is none. */
function lastingVerdict({ fleet, model, room }: Scene, server: Server, isOpen: boolean): Verdict | null {
  if (!model.enabled) return 'disabled';
  if (needsQuarantined(fleet, model.id)) return 'quarantined';
  const fit = room.fitOn(server, model);
  if (fit !== 'fits') return fit;
  if (!isOpen) return 'closed';
  return fleet.frozen ? 'frozen' : null;
}
