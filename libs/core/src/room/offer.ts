import type { AccountId, ReplicaId } from '../fleet/ids.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { Settled } from '../fleet/replica.js';
import type { Worth } from './worth.js';

/** A settled replica as a candidate for eviction: what it holds of one account and in all, and its worth at least. */
export interface Offer extends Worth {
  readonly replica: Settled;
  readonly bytes: Bytes;
  readonly whole: Bytes;
  /** When it may be moved, since it has been where it is for long enough. */
  readonly movable: Instant;
}

/** The settled replicas that hold memory of an account, from the first query on. */
export interface Offers {
  /** The least valuable first, as of the last query. */
  sorted: readonly Offer[];
  /** The replicas that have changed or left since then: they are valued anew at the next query. */
  readonly changed: Set<ReplicaId>;
  /** Whether all changes are uses, which only raise the worth of a replica. */
  onlyUsed: boolean;
}

/** The eviction cost of a place: the worth of the most valuable victim, how many replicas leave, and their bytes. */
export interface EvictionCost {
  readonly dearest: Worth;
  readonly leaving: number;
  readonly bytes: Bytes;
}

/** The gaps of a server: what its GPUs could have free if nothing were evicted. */
export interface Gaps {
  readonly gpus: readonly { readonly account: AccountId; readonly gap: Bytes }[];
  /** The largest; Infinity on a server that has not only GPUs. */
  readonly most: Bytes;
}
