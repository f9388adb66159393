import { Calendar } from './calendar.js';
import type { Fleet } from './fleet-state.js';
import type { AccountId, ReplicaId, ServerId } from './ids.js';
import { movableFrom, residentUntil, retiresFrom } from './idle-rule.js';
import { Moments } from './moments.js';
import type { Bytes, Instant } from './model.js';
import type { Gaps, Offers } from './offer.js';
import { type Booking, isSettled, type Replica, type Settled, stayingOf } from './replica.js';
import type { Server } from './server.js';

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
  /** The same by the end of their last lease. */
  readonly leases: Calendar;
  /** When the minimum residency of each ends, and when each may be moved: after a start these are the same for nearly all. */
  readonly residencies: Moments;
  readonly rests: Moments;
  /** The servers on which there may be something ready whose config was not asked for. */
  readonly undescribed: Set<ServerId>;
  /** What settled replicas hold of each account. */
  readonly held: Map<AccountId, Bytes>;
  /** What all replicas hold of each account, or are promised, but those that leave. */
  readonly staying: Map<AccountId, Bytes>;
  /** The settled replicas that hold any of each account. */
  readonly holding: Map<AccountId, Set<ReplicaId>>;
  /** What they offer there at most, where anybody has asked for that. */
  readonly offers: Map<AccountId, Offers>;
  /** What the GPUs of each server have beside what stays there, where it was worked out since that changed. */
  readonly gaps: Map<ServerId, Gaps>;
  /** Replicas that somebody else loaded. */
  readonly strangers: Set<ReplicaId>;
}

/** Where a replica stands: in the order of the fleet, in the calendars, and with what among what is held and stays. */
interface Entry extends Times {
  readonly order: number;
  readonly server: ServerId;
  held: readonly Booking[];
  staying: readonly Booking[];
  lastUse: Instant;
}

interface Times {
  retires: Instant;
  leased: Instant;
  resident: Instant;
  movable: Instant;
}

const NOTHING: readonly Booking[] = [];
const NEVER: Times = { retires: Infinity, leased: Infinity, resident: Infinity, movable: Infinity };

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
    residencies: new Moments(),
    rests: new Moments(),
    undescribed: new Set(),
    held: new Map(),
    staying: new Map(),
    holding: new Map(),
    offers: new Map(),
    gaps: new Map(),
    strangers: new Set(),
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
export function indexDropped(fleet: Fleet, replica: Replica): void {
  const { id } = replica;
  const indexes = known.get(fleet);
  const entry = indexes?.entries.get(id);
  if (!indexes || !entry) return;
  setTimes(indexes, id, entry, NEVER);
  setHeld(indexes, id, entry, NOTHING);
  setStaying(indexes, entry, NOTHING);
  noteCopies(fleet, indexes, replica);
  indexes.strangers.delete(id);
  indexes.entries.delete(id);
}

function enter(fleet: Readonly<Fleet>, indexes: Indexes, replica: Replica): void {
  const { id, server } = replica;
  let entry = indexes.entries.get(id);
  if (!entry) {
    entry = { order: indexes.entered, server, held: NOTHING, staying: NOTHING, lastUse: -Infinity, ...NEVER };
    indexes.entered += 1;
    indexes.entries.set(id, entry);
    noteCopies(fleet, indexes, replica);
  }
  setTimes(indexes, id, entry, isSettled(replica) ? timesOf(fleet, replica) : NEVER);
  if (isSettled(replica)) settle(indexes, entry, replica);
  else setHeld(indexes, id, entry, NOTHING);
  setStaying(indexes, entry, stayingOf(replica));
  if (replica.stranger) indexes.strangers.add(id);
  else indexes.strangers.delete(id);
  if (replica.phase !== 'ready') return;
  if (!fleet.servers.get(server)?.described.has(replica.model)) indexes.undescribed.add(server);
}

function settle(indexes: Indexes, entry: Entry, { id, bookings, lastUse }: Settled): void {
  if (bookings === entry.held && lastUse > entry.lastUse) noteUse(indexes, id, entry);
  else setHeld(indexes, id, entry, bookings);
  entry.lastUse = lastUse;
}

/** With a copy more or fewer the others may be spare, or not any more. */
function noteCopies(fleet: Readonly<Fleet>, indexes: Indexes, { model }: Replica): void {
  for (const id of fleet.holders.get(model) ?? []) {
    const entry = indexes.entries.get(id);
    if (entry) noteChange(indexes, id, entry);
  }
}

/** One that is worth more or less from now on, or holds anything else. */
function noteChange({ offers, gaps }: Indexes, id: ReplicaId, { server, held }: Entry): void {
  for (const { account } of held) {
    const there = offers.get(account);
    if (!there) continue;
    there.changed.add(id);
    there.onlyUsed = false;
  }
  gaps.get(server)?.harms.clear();
}

/** One that is used is worth more from now on, and nothing else about it has changed. */
function noteUse({ offers }: Indexes, id: ReplicaId, { held }: Entry): void {
  for (const { account } of held) offers.get(account)?.changed.add(id);
}

function setTimes(indexes: Indexes, id: ReplicaId, entry: Entry, times: Times): void {
  indexes.retirements.move(id, entry.retires, times.retires);
  indexes.leases.move(id, entry.leased, times.leased);
  indexes.residencies.move(entry.resident, times.resident);
  indexes.rests.move(entry.movable, times.movable);
  entry.retires = times.retires;
  entry.leased = times.leased;
  entry.resident = times.resident;
  entry.movable = times.movable;
}

function setHeld(indexes: Indexes, id: ReplicaId, entry: Entry, bookings: readonly Booking[]): void {
  const { held, holding } = indexes;
  noteChange(indexes, id, entry);
  if (entry.held === bookings) return;
  for (const { account } of entry.held) holding.get(account)!.delete(id);
  for (const { account } of bookings) {
    const some = holding.get(account);
    if (some) some.add(id);
    else holding.set(account, new Set([id]));
  }
  replaceIn(held, entry.held, bookings);
  entry.held = bookings;
  noteChange(indexes, id, entry);
}

function setStaying({ staying, gaps }: Indexes, entry: Entry, bookings: readonly Booking[]): void {
  if (entry.staying === bookings) return;
  replaceIn(staying, entry.staying, bookings);
  entry.staying = bookings;
  gaps.delete(entry.server);
}

function replaceIn(sums: Map<AccountId, Bytes>, before: readonly Booking[], after: readonly Booking[]): void {
  for (const { account, bytes } of before) sums.set(account, sums.get(account)! - bytes);
  for (const { account, bytes } of after) sums.set(account, (sums.get(account) ?? 0) + bytes);
}

/** All of it is put anew where the settings of its model change, or what is to become of strangers. */
function timesOf(fleet: Readonly<Fleet>, replica: Settled): Times {
  return {
    retires: retiresFrom(fleet, replica),
    leased: replica.inUseUntil,
    resident: residentUntil(fleet, replica),
    movable: movableFrom(fleet, replica),
  };
}

/** Forgets that the config of a model was asked for on a server: it is read anew. */
export function readAnew(fleet: Fleet, { model, server }: Pick<Replica, 'model' | 'server'>): void {
  fleet.servers.get(server)?.described.delete(model);
  known.get(fleet)?.undescribed.add(server);
}

/** These replicas, each once, in the order in which the fleet has them. */
export function inOrder(fleet: Readonly<Fleet>, ids: readonly ReplicaId[]): Replica[] {
  if (ids.length === 0) return [];
  const replicas = Array.from(new Set(ids), (id) => fleet.replicas.get(id));
  return replicas.filter((one) => one !== undefined).toSorted(byOrder(fleet));
}

/** Who comes first in a fleet. */
export function byOrder(fleet: Readonly<Fleet>): (one: Replica, other: Replica) => number {
  const { entries } = indexesOf(fleet);
  return (one, other) => entries.get(one.id)!.order - entries.get(other.id)!.order;
}

/** All settled replicas that are due to retire, and perhaps some that soon are: of a fleet that is looked at only once by a scan. */
export function dueToRetire(fleet: Readonly<Fleet>, now: Instant): ReplicaId[] {
  const indexes = known.get(fleet);
  if (indexes) return indexes.retirements.dueBy(now);
  const due: ReplicaId[] = [];
  for (const one of fleet.replicas.values()) {
    if (isSettled(one) && retiresFrom(fleet, one) <= now) due.push(one.id);
  }
  return due;
}

/** Takes out the servers on which there may be something ready that was not described, of those that are to be taken. */
export function takeUndescribed(fleet: Readonly<Fleet>, isTaken: (server: Server) => boolean): ServerId[] {
  const undescribed = known.get(fleet)?.undescribed;
  const taken: ServerId[] = [];
  for (const id of undescribed ?? fleet.servers.keys()) {
    const server = fleet.servers.get(id);
    if (server && !isTaken(server)) continue;
    undescribed?.delete(id);
    if (server) taken.push(id);
  }
  return taken;
}
