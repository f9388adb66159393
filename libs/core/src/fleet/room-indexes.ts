import { addTo, removeFrom } from '../numbers/groups.js';
import type { AccountId, ReplicaId } from './ids.js';
import type { Bytes } from './model.js';
import type { Booking } from './replica.js';

/** The indexes about memory: which replica holds how much. */
export class RoomIndexes {
  /** What settled replicas hold of each account. */
  readonly held = new Map<AccountId, Bytes>();
  /** The settled replicas that hold any of each account. */
  readonly holding = new Map<AccountId, Set<ReplicaId>>();
}

/** What a replica adds to `held`. */
export interface Holding {
  readonly id: ReplicaId;
  held: readonly Booking[];
}

/** Sets what a replica holds; nothing unless it is settled. */
export function setHeld({ held, holding }: RoomIndexes, hold: Holding, bookings: readonly Booking[]): void {
  if (hold.held === bookings) return;
  for (const { account, bytes } of hold.held) {
    removeFrom(holding, account, hold.id);
    held.set(account, held.get(account)! - bytes);
  }
  for (const { account, bytes } of bookings) {
    addTo(holding, account, hold.id);
    held.set(account, (held.get(account) ?? 0) + bytes);
  }
  hold.held = bookings;
}
