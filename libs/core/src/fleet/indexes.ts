import type { Now } from '../numbers/now.js';
import { Calendar } from '../numbers/calendar.js';
import type { Fleet } from './fleet-state.js';
import type { ReplicaId, ServerId } from './ids.js';
import { retiresFrom } from './idle-rule.js';
import type { Instant } from './model.js';
import { NO_BOOKINGS, type Replica } from './replica.js';
import { type Holding, RoomIndexes, setHeld } from './room-indexes.js';
import type { Server } from './server.js';

/** What follows from the replicas of a fleet. Nearly all are settled; passes go over the few others, `fleet.unsettled`. */
class ReplicaIndexes {
  readonly entries = new Map<ReplicaId, Entry>();
  /** How many replicas were ever entered. */
  entered = 0;
  /** Settled replicas by the earliest instant at which they may retire, admins' orders and drains aside. */
  readonly retirements = new Calendar();
  /** The servers that may have a ready model whose config was not asked for. */
  readonly undescribed = new Set<ServerId>();
  /** Replicas that Berth did not order. */
  readonly strangers = new Set<ReplicaId>();
}

export type Indexes = ReplicaIndexes & RoomIndexes;

/** What the indexes have of a replica. */
interface Entry extends Holding {
  /** Its place in the order of the fleet. */
  readonly order: number;
  /** When it is due to retire. */
  retires: Instant;
}

export function indexesOf(fleet: Readonly<Fleet>): Indexes {
  if (fleet.index.replicas) return fleet.index.replicas;
  const indexes = Object.assign(new ReplicaIndexes(), new RoomIndexes());
  for (const replica of fleet.replicas.values()) enter(fleet, indexes, replica);
  fleet.index.replicas = indexes;
  return indexes;
}

/** Updates the indexes with a replica that was written down. */
export function indexPut(fleet: Fleet, replica: Replica): void {
  if (fleet.index.replicas) enter(fleet, fleet.index.replicas, replica);
}

/** Removes a replica that has ended from the indexes. */
export function indexDropped(fleet: Fleet, { id }: Replica): void {
  const indexes = fleet.index.replicas;
  const entry = indexes?.entries.get(id);
  if (!indexes || !entry) return;
  setRetirement(indexes, entry, Infinity);
  setHeld(indexes, entry, NO_BOOKINGS);
  indexes.strangers.delete(id);
  indexes.entries.delete(id);
}

function enter(fleet: Readonly<Fleet>, indexes: Indexes, replica: Replica): void {
  const { id, server } = replica;
  let entry = indexes.entries.get(id);
  if (!entry) {
    entry = { id, order: indexes.entered, held: NO_BOOKINGS, retires: Infinity };
    indexes.entered += 1;
    indexes.entries.set(id, entry);
  }
  // Where the settings behind that change, its replicas are written down anew.
  setRetirement(indexes, entry, replica.phase === 'ready' ? retiresFrom(fleet, replica) : Infinity);
  setHeld(indexes, entry, replica.phase === 'ready' ? replica.bookings : NO_BOOKINGS);
  if (replica.stranger) indexes.strangers.add(id);
  else indexes.strangers.delete(id);
  if (replica.phase !== 'ready') return;
  if (!fleet.servers.get(server)?.described.has(replica.model)) indexes.undescribed.add(server);
}

function setRetirement(indexes: Indexes, entry: Entry, retires: Instant): void {
  indexes.retirements.move(entry.id, entry.retires, retires);
  entry.retires = retires;
}

/** Has the config of a model on a server read anew, as if it had not been asked for. */
export function readAnew(fleet: Fleet, { model, server }: Pick<Replica, 'model' | 'server'>): void {
  fleet.servers.get(server)?.described.delete(model);
  fleet.index.replicas?.undescribed.add(server);
}

/** The replicas with these ids, each once, in the order of the fleet. */
export function inOrder(fleet: Readonly<Fleet>, ids: readonly ReplicaId[]): Replica[] {
  if (ids.length === 0) return [];
  const replicas = Array.from(new Set(ids), (id) => fleet.replicas.get(id));
  return replicas.filter((one) => one !== undefined).toSorted(byOrder(fleet));
}

/** Compares replicas by their place in the order of the fleet. */
export function byOrder(fleet: Readonly<Fleet>): (one: Replica, other: Replica) => number {
  const { entries } = indexesOf(fleet);
  return (one, other) => entries.get(one.id)!.order - entries.get(other.id)!.order;
}

/** All settled replicas that are due to retire, and perhaps some that will be within a second. */
export function dueToRetire(fleet: Readonly<Fleet>, now: Now): ReplicaId[] {
  const { retirements } = indexesOf(fleet);
  now.has(retirements.nextPage(now.stamp));
  return retirements.dueBy(now.stamp);
}

/** Removes and returns those servers with something ready that may be undescribed for which `isTaken` is true. */
export function takeUndescribed(fleet: Readonly<Fleet>, isTaken: (server: Server) => boolean): ServerId[] {
  const { undescribed } = indexesOf(fleet);
  const taken: ServerId[] = [];
  for (const id of undescribed) {
    const server = fleet.servers.get(id);
    if (server && !isTaken(server)) continue;
    undescribed.delete(id);
    if (server) taken.push(id);
  }
  return taken;
}
