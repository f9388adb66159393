import { Calendar } from '../numbers/calendar.js';
import type { Fleet } from './fleet-state.js';
import type { ModelId, ReplicaId, ServerId } from './ids.js';
import { residentUntil, retiresFrom } from './idle-rule.js';
import type { Instant } from './model.js';
import { NO_BOOKINGS, type Ready, type Replica, stayingOf } from './replica.js';
import { type Holding, noteChange, noteUse, RoomIndexes, setHeld, setStaying } from './room-indexes.js';
import type { Server } from './server.js';

/** What follows from the replicas of a fleet. Nearly all are settled; passes go over the few others, `fleet.unsettled`. */
class ReplicaIndexes {
  readonly entries = new Map<ReplicaId, Entry>();
  /** How many replicas were ever entered. */
  entered = 0;
  /** Settled replicas by the earliest instant at which they may retire, admins' orders and drains aside. */
  readonly retirements = new Calendar();
  /** Settled replicas by the end of their last lease. */
  readonly leases = new Calendar();
  /**
   * Settled replicas by the end of their minimum residency. Each instant has a page of its own, since after a start
   * nearly all replicas share one.
   */
  readonly residencies = new Calendar((at) => at);
  /** The servers that may have a ready model whose config was not asked for. */
  readonly undescribed = new Set<ServerId>();
  /** Replicas that Berth did not order. */
  readonly strangers = new Set<ReplicaId>();
}

export type Indexes = ReplicaIndexes & RoomIndexes;

/** What the indexes have of a replica. */
interface Entry extends Times, Holding {
  /** Its place in the order of the fleet. */
  readonly order: number;
  lastUse: Instant;
}

/** When a replica is due in each calendar. */
interface Times {
  retires: Instant;
  leased: Instant;
  resident: Instant;
}

const NEVER_DUE: Times = { retires: Infinity, leased: Infinity, resident: Infinity };

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
export function indexDropped(fleet: Fleet, replica: Replica): void {
  const { id, model } = replica;
  const indexes = fleet.index.replicas;
  const entry = indexes?.entries.get(id);
  if (!indexes || !entry) return;
  setTimes(indexes, id, entry, NEVER_DUE);
  setHeld(indexes, entry, NO_BOOKINGS);
  setStaying(indexes, entry, NO_BOOKINGS);
  noteWorth(fleet, model);
  indexes.strangers.delete(id);
  indexes.entries.delete(id);
}

function enter(fleet: Readonly<Fleet>, indexes: Indexes, replica: Replica): void {
  const { id, server } = replica;
  let entry = indexes.entries.get(id);
  if (!entry) {
    entry = {
      id,
      order: indexes.entered,
      server,
      held: NO_BOOKINGS,
      staying: NO_BOOKINGS,
      lastUse: -Infinity,
      ...NEVER_DUE,
    };
    indexes.entered += 1;
    indexes.entries.set(id, entry);
    noteWorth(fleet, replica.model);
  }
  setTimes(indexes, id, entry, replica.phase === 'ready' ? dueTimes(fleet, replica) : NEVER_DUE);
  if (replica.phase === 'ready') indexSettled(indexes, entry, replica);
  else setHeld(indexes, entry, NO_BOOKINGS);
  setStaying(indexes, entry, stayingOf(replica));
  if (replica.stranger) indexes.strangers.add(id);
  else indexes.strangers.delete(id);
  if (replica.phase !== 'ready') return;
  if (!fleet.servers.get(server)?.described.has(replica.model)) indexes.undescribed.add(server);
}

function indexSettled(indexes: Indexes, entry: Entry, { bookings, lastUse }: Ready): void {
  if (bookings === entry.held && lastUse > entry.lastUse) noteUse(indexes, entry);
  else setHeld(indexes, entry, bookings);
  entry.lastUse = lastUse;
}

/** A model was asked for, so its copies are worth more. */
export const noteAsked = (fleet: Readonly<Fleet>, model: ModelId): void => noteCopies(fleet, model, noteUse);

/** The copies of a model are worth more or less: its load takes another time, or there is a copy more or fewer. */
export const noteWorth = (fleet: Readonly<Fleet>, model: ModelId): void =>
  noteCopies(fleet, model, noteChange);

function noteCopies(fleet: Readonly<Fleet>, model: ModelId, note: typeof noteUse): void {
  const indexes = fleet.index.replicas;
  if (!indexes) return;
  for (const id of fleet.holders.get(model) ?? []) {
    const entry = indexes.entries.get(id);
    if (entry) note(indexes, entry);
  }
}

function setTimes(indexes: Indexes, id: ReplicaId, entry: Entry, times: Times): void {
  indexes.retirements.move(id, entry.retires, times.retires);
  indexes.leases.move(id, entry.leased, times.leased);
  indexes.residencies.move(id, entry.resident, times.resident);
  Object.assign(entry, times);
}

/** When a settled replica is due. Where the settings behind that change, its replicas are written down anew. */
function dueTimes(fleet: Readonly<Fleet>, replica: Ready): Times {
  return {
    retires: retiresFrom(fleet, replica),
    leased: replica.inUseUntil,
    resident: residentUntil(fleet, replica),
  };
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
export const dueToRetire = (fleet: Readonly<Fleet>, now: Instant): ReplicaId[] =>
  indexesOf(fleet).retirements.dueBy(now);

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
