import type { AccountId, ReplicaId, ServerId } from './ids.js';
import type { Bytes } from './model.js';
import type { Gaps, Harm, Offers } from '../room/offer.js';
import type { Booking } from './replica.js';

/** What of the indexes of a fleet is about memory: which replica holds how much, and what is worked out from that. */
export interface RoomIndexes {
  /** What settled replicas hold of each account. */
  readonly held: Map<AccountId, Bytes>;
  /** What all replicas hold of each account, or are promised, but those that leave. */
  readonly staying: Map<AccountId, Bytes>;
  /** The settled replicas that hold any of each account. */
  readonly holding: Map<AccountId, Set<ReplicaId>>;
  /** What they offer there at most, where that was asked for. */
  readonly offers: Map<AccountId, Offers>;
  /** What the GPUs of each server have beside what stays there, where it was worked out since that or the devices changed. */
  readonly gaps: Map<ServerId, Gaps>;
  /**
   * The least eviction cost of room for so many bytes on a GPU of each server, as last worked out, whatever may go;
   * null where all of that is not enough. It is forgotten with the gaps, and when what rests there changes but for a
   * use: so it is a lower bound. By sizes, so that a walk over all servers finds it in one place.
   */
  readonly harms: Map<Bytes, Map<ServerId, Harm | null>>;
}

export const noRoomIndexes = (): RoomIndexes => ({
  held: new Map(),
  staying: new Map(),
  holding: new Map(),
  offers: new Map(),
  gaps: new Map(),
  harms: new Map(),
});

/** With what a replica stands among what is held and stays. */
export interface Holding {
  readonly id: ReplicaId;
  readonly server: ServerId;
  held: readonly Booking[];
  staying: readonly Booking[];
}

/** One that is worth more or less from now on, or holds anything else. */
export function noteChange({ offers, harms }: RoomIndexes, { id, server, held }: Holding): void {
  if (held.length === 0) return;
  for (const { account } of held) {
    const there = offers.get(account);
    if (!there) continue;
    there.changed.add(id);
    there.onlyUsed = false;
  }
  for (const ofSize of harms.values()) ofSize.delete(server);
}

/** One that is used is worth more from now on, and nothing else about it has changed. */
export function noteUse({ offers }: RoomIndexes, { id, held }: Holding): void {
  for (const { account } of held) offers.get(account)?.changed.add(id);
}

/** Puts down what a settled replica holds; of one that is not, nothing. */
export function setHeld(indexes: RoomIndexes, hold: Holding, bookings: readonly Booking[]): void {
  const { held, holding } = indexes;
  noteChange(indexes, hold);
  if (hold.held === bookings) return;
  for (const { account } of hold.held) holding.get(account)!.delete(hold.id);
  for (const { account } of bookings) {
    const some = holding.get(account);
    if (some) some.add(hold.id);
    else holding.set(account, new Set([hold.id]));
  }
  replaceIn(held, hold.held, bookings);
  hold.held = bookings;
  noteChange(indexes, hold);
}

/** Puts down what of a replica stays. */
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

/** Forgets what room there is on a server, or on all. */
export function dropRoom({ gaps, harms }: RoomIndexes, server?: ServerId): void {
  if (server === undefined) {
    gaps.clear();
    harms.clear();
    return;
  }
  gaps.delete(server);
  for (const ofSize of harms.values()) ofSize.delete(server);
}
