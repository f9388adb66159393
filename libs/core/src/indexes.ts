import { Calendar } from './calendar.js';
import type { Fleet } from './fleet-state.js';
import type { ReplicaId, ServerId } from './ids.js';
import { idleByUse, isKept, settingsOf } from './idle-rule.js';
import type { Instant } from './model.js';
import { isSettled, type Replica, type Settled } from './replica.js';

/**
 * What is worked out from a fleet and kept, so that a turn costs what it is about and not what there is. Nearly all
 * replicas are settled and stay so; what is not is in `fleet.unsettled`, and gone over. It is never recorded nor copied:
 * where there is none of a fleet it is made from what that holds, and then `put` and `forget` keep it in step.
 */
export interface Indexes {
  readonly entries: Map<ReplicaId, Entry>;
  /** How many were ever entered. */
  entered: number;
  /** Settled replicas by the instant before which none retires, but those that an order of an admin or a drain is about. */
  readonly retirements: Calendar;
  /** Settled replicas by the end of their last lease, and by that of their minimum residency. */
  readonly leases: Calendar;
  readonly residencies: Calendar;
  /** The servers on which there may be something ready whose config was not asked for. */
  readonly undescribed: Set<ServerId>;
}

/** Where a replica stands: in the order of the fleet, and in the calendars. */
interface Entry extends Times {
  readonly order: number;
}

interface Times {
  retires: Instant;
  leased: Instant;
  resident: Instant;
}

const NEVER: Times = { retires: Infinity, leased: Infinity, resident: Infinity };

const known = new WeakMap<Readonly<Fleet>, Indexes>();

/** The indexes of a fleet. */
export function indexesOf(fleet: Readonly<Fleet>): Indexes {
  const found = known.get(fleet);
  if (found) return found;
  const indexes: Indexes = {
    entries: new Map(),
    entered: 0,
    retirements: new Calendar(),
    leases: new Calendar(),
    residencies: new Calendar(),
    undescribed: new Set(),
  };
  for (const replica of fleet.replicas.values()) enter(fleet, indexes, replica);
  known.set(fleet, indexes);
  return indexes;
}

/** Keeps the indexes in step with a replica that was written down. */
export function indexPut(fleet: Fleet, replica: Replica): void {
  const indexes = known.get(fleet);
  if (indexes) enter(fleet, indexes, replica);
}

/** Keeps the indexes in step with a replica that has ended. */
export function indexDropped(fleet: Fleet, { id }: Replica): void {
  const indexes = known.get(fleet);
  const entry = indexes?.entries.get(id);
  if (!indexes || !entry) return;
  setTimes(indexes, id, entry, NEVER);
  indexes.entries.delete(id);
}

function enter(fleet: Readonly<Fleet>, indexes: Indexes, replica: Replica): void {
  const { id, server } = replica;
  let entry = indexes.entries.get(id);
  if (!entry) {
    entry = { order: indexes.entered, ...NEVER };
    indexes.entered += 1;
    indexes.entries.set(id, entry);
  }
  setTimes(indexes, id, entry, isSettled(replica) ? timesOf(fleet, replica) : NEVER);
  if (replica.phase !== 'ready') return;
  if (!fleet.servers.get(server)?.described.has(replica.model)) indexes.undescribed.add(server);
}

function setTimes(indexes: Indexes, id: ReplicaId, entry: Entry, times: Times): void {
  indexes.retirements.move(id, entry.retires, times.retires);
  indexes.leases.move(id, entry.leased, times.leased);
  indexes.residencies.move(id, entry.resident, times.resident);
  entry.retires = times.retires;
  entry.leased = times.leased;
  entry.resident = times.resident;
}

/** All of it is put anew where the settings of its model change, or what is to become of strangers. */
function timesOf(fleet: Readonly<Fleet>, replica: Settled): Times {
  const { minResidency } = settingsOf(fleet, replica);
  return {
    retires: retiresFrom(fleet, replica),
    leased: replica.inUseUntil,
    resident: replica.since + minResidency,
  };
}

/** What nobody wants may go at any time. */
function retiresFrom(fleet: Readonly<Fleet>, replica: Settled): Instant {
  if (!fleet.models.get(replica.model)?.enabled && !isKept(fleet, replica)) return -Infinity;
  return idleByUse(fleet, replica) ?? Infinity;
}

/** Forgets that the config of a model was asked for on a server: it is read anew. */
export function readAnew(fleet: Fleet, { model, server }: Pick<Replica, 'model' | 'server'>): void {
  fleet.servers.get(server)?.described.delete(model);
  known.get(fleet)?.undescribed.add(server);
}

/** These replicas, each once, in the order in which the fleet has them. */
export function inOrder(fleet: Readonly<Fleet>, ids: Iterable<ReplicaId>): Replica[] {
  const { entries } = indexesOf(fleet);
  const replicas = Array.from(new Set(ids), (id) => fleet.replicas.get(id));
  const held = replicas.filter((one) => one !== undefined);
  return held.toSorted((one, other) => entries.get(one.id)!.order - entries.get(other.id)!.order);
}
