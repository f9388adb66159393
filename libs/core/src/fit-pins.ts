import type { Fleet } from './fleet.js';
import type { Booking, Ready } from './replica.js';
import type { Server } from './server.js';
import { bookingsFor, dependenciesOf, labelsMatch } from './footprint.js';
import { isWrittenOff } from './failing.js';
import { type AccountId, hostAccount, type ModelId, replicaId, type ReplicaId } from './ids.js';
import { capacities, sumOf } from './ledger.js';
import type { Bytes, Model } from './model.js';
import { isKept } from './passes/idle.js';
import { copiesOn } from './pins.js';
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

/** How many places are looked at before a no is believed. On small fleets it is more than there are. */
const TRIES = 50_000;

/**
 * Looks for a place for every copy of every pinned model on the declared and remembered devices, reachable or not:
 * at most one copy per device, what others need first, then the largest (first fit decreasing); where that fails, every
 * other assignment, as far as so many tries go. What it finds is an assignment, so a yes is proven; a no may be wrong
 * on a large fleet where only a clever packing would do.
 *
 * @param models the models as they are to be, with their pins; the rest of the fleet is left out of account.
 */
export function fitPins(fleet: Readonly<Fleet>, models: Iterable<Model>): PinsFit {
  const planned = [...models];
  const asPlanned = {
    ...fleet,
    models: new Map([...fleet.models, ...planned.map((one) => [one.id, one] as const)]),
  };
  const pinned = planned
    .filter(({ pinnedCopies, enabled }) => pinnedCopies > 0 && enabled)
    .toSorted((a, b) => b.gpuBytes - a.gpuBytes || b.hostBytes - a.hostBytes);
  const unplaced = placeGreedily(new Assignment(asPlanned), neededFirst(asPlanned, pinned));
  if (unplaced.length === 0) return { fits: true };
  const orders = ordersOf(asPlanned, pinned);
  const tries = TRIES / orders.length;
  if (orders.some((order) => findAssignment(asPlanned, order, tries))) return { fits: true };
  return {
    fits: false,
    unplaced: unplaced.map(({ model, copies }) => ({
      model: model.id,
      copies,
      needs: bytesPerDevice(fleet, model),
    })),
  };
}

/** The same, but what a model needs before it: then the one that it finds there counts for both. */
function neededFirst(fleet: Readonly<Fleet>, pinned: readonly Model[]): readonly Model[] {
  const ordered = new Set<Model>();
  for (const model of pinned) {
    const needed = new Set(dependenciesOf(fleet, model.id));
    for (const one of pinned) if (needed.has(one.id)) ordered.add(one);
    ordered.add(model);
  }
  return [...ordered];
}

/** Who comes first says where what several need is brought to. */
const ordersOf = (fleet: Readonly<Fleet>, pinned: readonly Model[]): readonly (readonly Model[])[] => [
  neededFirst(fleet, pinned),
  ...pinned
    .filter(({ id }) => dependenciesOf(fleet, id).length > 0)
    .map((first) => neededFirst(fleet, [first, ...pinned.filter((one) => one !== first)])),
];

/** Puts each copy where there is room, the emptiest server first; returns what found none and came with nothing. */
function placeGreedily(
  assignment: Assignment,
  pinned: readonly Model[],
): readonly { readonly model: Model; readonly copies: number }[] {
  for (const model of pinned) {
    for (const spot of assignment.spotsFor(model)) {
      if (assignment.missing(model) > 0) assignment.put(model, spot);
    }
  }
  return pinned
    .map((model) => ({ model, copies: assignment.missing(model) }))
    .filter(({ copies }) => copies > 0);
}

/**
 * Tries one place after another and takes each back that leads nowhere. Copies of what others need may also be left to
 * them to bring, the last thing that is tried.
 */
function findAssignment(fleet: Readonly<Fleet>, pinned: readonly Model[], tries: number): boolean {
  const assignment = new Assignment(fleet);
  const needed = new Set(pinned.flatMap(({ id }) => dependenciesOf(fleet, id)));
  let left = tries;
  const placeFrom = (index: number): boolean => {
    const model = pinned[index];
    if (!model) return pinned.every((one) => assignment.missing(one) <= 0);
    // What holds more copies than are missing is good as the last place only: so each is tried after those with fewer.
    const spots = assignment
      .spotsFor(model)
      .toSorted((a, b) => copiesOn(model, a.devices) - copiesOn(model, b.devices));
    left -= spots.length;
    const placeRest = (from: number): boolean => {
      if (assignment.missing(model) <= 0) return placeFrom(index + 1);
      for (const [position, spot] of spots.entries()) {
        if (position < from) continue;
        if (left-- <= 0) return false;
        const undo = assignment.put(model, spot);
        if (undo && placeRest(position + 1)) return true;
        undo?.();
      }
      return needed.has(model.id) && placeFrom(index + 1);
    };
    return placeRest(0);
  };
  return placeFrom(0);
}

/** Where no server that lists it has a GPU, a copy takes its host memory from the `cpu` device. */
function bytesPerDevice(fleet: Readonly<Fleet>, { id, gpuBytes, hostBytes }: Model): Bytes {
  const listing = [...fleet.servers.values()].filter(({ repository }) => repository.has(id));
  const devices = listing.flatMap((server) => server.devices ?? []);
  return devices.length > 0 && devices.every(({ kind }) => kind === 'cpu') ? hostBytes : gpuBytes;
}

interface Spot {
  readonly server: Server;
  readonly devices: readonly number[];
}

/** Which models are where, as far as planned, and what room is left beside them. */
class Assignment {
  private readonly room: Map<AccountId, Bytes>;
  private readonly held = new Map<ReplicaId, ReadonlySet<number>>();
  private readonly copies = new Map<ModelId, number>();

  constructor(private readonly fleet: Readonly<Fleet>) {
    this.room = new Map(capacities(fleet));
    for (const replica of fleet.replicas.values()) {
      if (replica.phase === 'ready' && isKept(fleet, replica)) this.keepWithNeeds(replica);
    }
  }

  missing({ id, pinnedCopies }: Model): number {
    return pinnedCopies - (this.copies.get(id) ?? 0);
  }

  spotsFor(model: Model): readonly Spot[] {
    const able = [...this.fleet.servers.values()].filter(
      (server) => server.devices !== null && labelsMatch(server, model) && this.isListed(server, model),
    );
    return able
      .toSorted((a, b) => this.spareOn(b) - this.spareOn(a))
      .flatMap((server) => deviceChoices(server, model).map((devices) => ({ server, devices })));
  }

  /** Puts a copy there with all it needs, and says how to take it back; undefined where it does not fit. */
  put(model: Model, spot: Spot): (() => void) | undefined {
    const { server, devices } = spot;
    const there = this.held.get(replicaId(model.id, server.spec.id));
    const isTwice = devices.some((device) => there?.has(device));
    if (isTwice || (there && !canChoose(server, model))) return undefined;
    const needs = [{ id: model.id, devices }, ...this.missingNeeds(model, spot)];
    const bookings = sumOf(needs.map((need) => this.bookingsOf(server, need.id, need.devices)));
    if (!bookings.every(({ account, bytes }) => bytes <= (this.room.get(account) ?? Infinity))) {
      return undefined;
    }
    this.take(bookings, 1);
    const undo = needs.map((need) => this.note(need.id, server, need.devices));
    return () => {
      this.take(bookings, -1);
      for (const one of undo) one();
    };
  }

  /**
   * What others have loaded and may not be unloaded stays where it is, with all that it needs there, and counts as
   * copies of its model.
   */
  private keepWithNeeds({ model, server }: Ready): void {
    for (const id of [model, ...dependenciesOf(this.fleet, model)]) {
      const replica = this.fleet.replicas.get(replicaId(id, server));
      if (replica?.phase === 'ready' && !this.held.has(replica.id)) this.keep(replica);
    }
  }

  private keep(replica: Ready): void {
    const { model, server, devices, bookings } = replica;
    const counted = this.copies.get(model) ?? 0;
    this.take(bookings, 1);
    this.note(model, this.fleet.servers.get(server)!, devices);
    if (isWrittenOff(this.fleet, replica)) this.copies.set(model, counted);
  }

  /** Nobody knows what the repository of a server holds that was never seen. */
  private isListed(server: Server, { id: model }: Model): boolean {
    const hasFiles = (id: ModelId): boolean => !isSeen(server) || server.repository.has(id);
    const isThere = (id: ModelId): boolean => this.held.has(replicaId(id, server.spec.id)) || hasFiles(id);
    return hasFiles(model) && dependenciesOf(this.fleet, model).every(isThere);
  }

  private missingNeeds(
    { id: model }: Model,
    { server, devices }: Spot,
  ): { id: ModelId; devices: readonly number[] }[] {
    return dependenciesOf(this.fleet, model)
      .filter((id) => !this.held.has(replicaId(id, server.spec.id)))
      .map((id) => ({ id, devices: devicesOf(this.fleet, server, id, devices) }));
  }

  /** Beside a copy that the server has already no more host memory is booked. */
  private bookingsOf(server: Server, id: ModelId, devices: readonly number[]): readonly Booking[] {
    const bookings = bookingsFor(this.fleet, server, id, devices);
    if (!this.held.has(replicaId(id, server.spec.id))) return bookings;
    return bookings.filter(({ account }) => account !== hostAccount(server.spec.host));
  }

  private note(id: ModelId, server: Server, devices: readonly number[]): () => void {
    const key = replicaId(id, server.spec.id);
    const before = this.held.get(key);
    const copies = this.copies.get(id) ?? 0;
    this.held.set(key, new Set([...(before ?? []), ...devices]));
    this.copies.set(id, copies + copiesOn(this.fleet.models.get(id), devices));
    return () => {
      if (before) this.held.set(key, before);
      else this.held.delete(key);
      this.copies.set(id, copies);
    };
  }

  private spareOn({ devices }: Server): Bytes {
    return Math.max(0, ...(devices ?? []).map(({ account }) => this.room.get(account) ?? 0));
  }

  private take(bookings: readonly Booking[], times: 1 | -1): void {
    for (const { account, bytes } of bookings) {
      const left = this.room.get(account);
      if (left !== undefined) this.room.set(account, left - times * bytes);
    }
  }
}
