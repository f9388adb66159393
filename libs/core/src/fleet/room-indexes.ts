import { addTo, removeFrom } from '../numbers/groups.js';
import type { AccountId, ReplicaId, ServerId } from './ids.js';
import type { Bytes } from './model.js';
import type { Gaps } from '../room/gaps.js';
import type { EvictionCost, Candidates } from '../room/candidates.js';
import type { Booking } from './replica.js';

/** The indexes about memory: which replica holds how much, and what follows from that. */
export class RoomIndexes {
  /** What settled replicas hold of each account. */
  readonly held = new Map<AccountId, Bytes>();
  /** What all replicas that are not leaving hold of each account, or are promised of it. */
  readonly staying = new Map<AccountId, Bytes>();
  /** The settled replicas that hold any of each account. */
  readonly holding = new Map<AccountId, Set<ReplicaId>>();
  /** The candidates for eviction on each account, where they were asked for. */
  readonly candidates = new Map<AccountId, Candidates>();
  /** What the GPUs of each server have beside what stays there. Dropped when that or the devices change. */
  readonly gaps = new Map<ServerId, Gaps>();
  /**
   * By size, and then by server: the least cost of the evictions that make room for so many bytes on one of its GPUs;
   * null where no evictions do. Dropped with the gaps, and when what is held there changes, but not when it is used,
   * which only raises the cost. So it is a lower bound.
   */
  readonly costs = new Map<Bytes, Map<ServerId, EvictionCost | null>>();
}

/** What a replica adds to `held` and to `staying`. */
export interface Holding {
  readonly id: ReplicaId;
  readonly server: ServerId;
  held: readonly Booking[];
  staying: readonly Booking[];
}

/** A replica is worth more or less than before, or holds something else. */
export function noteChange(indexes: RoomIndexes, hold: Holding): void {
  if (hold.held.length === 0) return;
  noteUse(indexes, hold);
  for (const ofSize of indexes.costs.values()) ofSize.delete(hold.server);
}

/** A replica was used, so it is worth more; nothing else about it has changed. */
export function noteUse({ candidates }: RoomIndexes, { id, held }: Holding): void {
  for (const { account } of held) candidates.get(account)?.changed.add(id);
}

/** Sets what a replica holds; nothing unless it is settled. */
export function setHeld(indexes: RoomIndexes, hold: Holding, bookings: readonly Booking[]): void {
  const { held, holding } = indexes;
  noteChange(indexes, hold);
  if (hold.held === bookings) return;
  for (const { account } of hold.held) removeFrom(holding, account, hold.id);
  for (const { account } of bookings) addTo(holding, account, hold.id);
  replaceIn(held, hold.held, bookings);
  hold.held = bookings;
  noteChange(indexes, hold);
}

/** Sets what of a replica stays. */
export function setStaying(indexes: RoomIndexes, hold: Holding, bookings: readonly Booking[]): void {
  if (hold.staying === bookings) return;
  replaceIn(indexes.staying, hold.staying, bookings);
  hold.staying = bookings;
  dropRoom(indexes, hold.server);
}

function replaceIn(sums: Map<AccountId, Bytes>, before: readonly Booking[], after: readonly Booking[]): void {
  for (const { account, bytes } of before) sums.set(account, sums.get(account)! - bytes);
  for (const { account, bytes } of after) sums.set(account, (sums.get(account) ?? 0) + bytes);
}

/** Drops what is known of the room on a server, or on all. */
export function dropRoom({ gaps, costs }: RoomIndexes, server?: ServerId): void {
  if (server === undefined) {
    gaps.clear();
    costs.clear();
    return;
  }
  gaps.delete(server);
  for (const ofSize of costs.values()) ofSize.delete(server);
}
