import type { Fleet } from './fleet.js';
import type { Booking } from './replica.js';
import type { Server } from './server.js';
import { bookingsFor, dependenciesOf, labelsMatch } from './footprint.js';
import type { AccountId, ModelId } from './ids.js';
import { capacities, sumOf } from './ledger.js';
import type { Bytes, Model } from './model.js';
import { isKept } from './passes/idle.js';
import { copiesOf } from './pins.js';
import { isSeen } from './standing.js';
import { canChoose, deviceChoices, devicesOf } from './passes/places.js';

/** Whether all pins can be kept at once, and if not, which copies found no place. */
export type PinsFit =
  | { readonly fits: true }
  | {
      readonly fits: false;
      readonly unplaced: readonly {
        readonly model: ModelId;
        readonly copies: number;
        /** Bytes one copy needs on a device. */
        readonly needs: Bytes;
      }[];
    };

/**
 * Looks for a place for every copy of every pinned model on the declared and remembered devices, reachable or not:
 * at most one copy per device, largest models first (first fit decreasing). What it finds is an assignment, so a
 * yes is proven; a no may be wrong where only a cleverer packing would do.
 *
 * @param models the models as they are to be, with their pins; the rest of the fleet is left out of account.
 */
export function fitPins(fleet: Readonly<Fleet>, models: Iterable<Model>): PinsFit {
  const planned = [...models];
  const asPlanned = {
    ...fleet,
    models: new Map([...fleet.models, ...planned.map((one) => [one.id, one] as const)]),
  };
  const room = new Map(capacities(fleet));
  const placed = new Placed();
  const kept = keepStrangers(fleet, room, placed);
  const pinned = planned.filter(({ pinnedCopies, enabled }) => pinnedCopies > 0 && enabled);
  const unplaced = pinned
    .toSorted((a, b) => b.gpuBytes - a.gpuBytes || b.hostBytes - a.hostBytes)
    .map((model) => ({
      model: model.id,
      copies: placeMissing(asPlanned, room, placed, model, kept.get(model.id) ?? 0),
      needs: bytesPerDevice(fleet, model),
    }))
    .filter(({ copies }) => copies > 0);
  return unplaced.length === 0 ? { fits: true } : { fits: false, unplaced };
}

/** Where no server that lists it has a GPU, a copy takes its host memory from the `cpu` device. */
function bytesPerDevice(fleet: Readonly<Fleet>, { id, gpuBytes, hostBytes }: Model): Bytes {
  const listing = [...fleet.servers.values()].filter(({ repository }) => repository.has(id));
  const devices = listing.flatMap((server) => server.devices ?? []);
  return devices.length > 0 && devices.every(({ kind }) => kind === 'cpu') ? hostBytes : gpuBytes;
}

/** Which devices already got a copy of a model, and which models a server already holds. */
class Placed {
  private readonly devices = new Set<string>();
  private readonly servers = new Set<string>();

  has(model: ModelId, server: Server, devices: readonly number[]): boolean {
    return devices.some((device) => this.devices.has(`${model}@${server.spec.id}/${device}`));
  }

  isOn(model: ModelId, server: Server): boolean {
    return this.servers.has(`${model}@${server.spec.id}`);
  }

  note(model: ModelId, server: Server, devices: readonly number[]): void {
    this.servers.add(`${model}@${server.spec.id}`);
    for (const device of devices) this.devices.add(`${model}@${server.spec.id}/${device}`);
  }
}

/** What others have loaded and may not be unloaded stays where it is, and counts as copies of its model. */
function keepStrangers(
  fleet: Readonly<Fleet>,
  room: Map<AccountId, Bytes>,
  placed: Placed,
): ReadonlyMap<ModelId, number> {
  const copies = new Map<ModelId, number>();
  for (const replica of fleet.replicas.values()) {
    if (replica.phase !== 'ready' || !isKept(fleet, replica)) continue;
    const { model, server, devices, bookings } = replica;
    take(room, bookings);
    placed.note(model, fleet.servers.get(server)!, devices);
    copies.set(model, (copies.get(model) ?? 0) + copiesOf(replica));
  }
  return copies;
}

/** Places copies beside those there are until there are enough or no place is left; returns how many are missing. */
function placeMissing(
  fleet: Readonly<Fleet>,
  room: Map<AccountId, Bytes>,
  placed: Placed,
  model: Model,
  present: number,
): number {
  let missing = model.pinnedCopies - present;
  for (const server of [...fleet.servers.values()].toSorted((a, b) => spareOn(room, b) - spareOn(room, a))) {
    if (!labelsMatch(server, model) || !mayHave(server, model.id)) continue;
    for (const devices of deviceChoices(server, model)) {
      if (missing <= 0) return 0;
      if (placeOne(fleet, room, placed, model, { server, devices })) missing -= Math.max(1, devices.length);
    }
  }
  return Math.max(0, missing);
}

/** Nobody knows what the repository of a server holds that was never seen. */
const mayHave = (server: Server, model: ModelId): boolean => !isSeen(server) || server.repository.has(model);

interface Need {
  readonly id: ModelId;
  readonly devices: readonly number[];
  readonly bookings: readonly Booking[];
}

interface Spot {
  readonly server: Server;
  readonly devices: readonly number[];
}

function placeOne(
  fleet: Readonly<Fleet>,
  room: Map<AccountId, Bytes>,
  placed: Placed,
  model: Model,
  { server, devices }: Spot,
): boolean {
  if (server.devices === null || placed.has(model.id, server, devices)) return false;
  if (placed.isOn(model.id, server) && !canChoose(server, model)) return false;
  const needs = needsOn(fleet, placed, model, { server, devices });
  const bookings = sumOf(needs.map((need) => need.bookings));
  if (!bookings.every(({ account, bytes }) => bytes <= (room.get(account) ?? Infinity))) return false;
  take(room, bookings);
  for (const need of needs) placed.note(need.id, server, need.devices);
  return true;
}

const spareOn = (room: ReadonlyMap<AccountId, Bytes>, { devices }: Server): Bytes =>
  Math.max(0, ...(devices ?? []).map(({ account }) => room.get(account) ?? 0));

/** What a model and everything it needs would book there, what another pin has brought already left out. */
function needsOn(fleet: Readonly<Fleet>, placed: Placed, model: Model, { server, devices }: Spot): Need[] {
  const missing = dependenciesOf(fleet, model.id).filter((id) => !placed.isOn(id, server));
  return [
    { id: model.id, devices, bookings: bookingsFor(fleet, server, model.id, devices) },
    ...missing.map((id) => {
      const held = devicesOf(fleet, server, id, devices);
      return { id, devices: held, bookings: bookingsFor(fleet, server, id, held) };
    }),
  ];
}

function take(room: Map<AccountId, Bytes>, bookings: readonly Booking[]): void {
  for (const { account, bytes } of bookings) {
    const left = room.get(account);
    if (left !== undefined) room.set(account, left - bytes);
  }
}
