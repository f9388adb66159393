import type { AccountId, ReplicaId } from '../fleet/ids.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { Settled } from '../fleet/replica.js';
import type { Worth } from './worth.js';

/** What a replica holds of an account, and all that it holds; and what it is worth at least, should it leave. */
export interface Offer extends Worth {
  readonly replica: Settled;
  readonly bytes: Bytes;
  readonly whole: Bytes;
  /** When it has been where it is for long enough to be moved. */
  readonly movable: Instant;
}

/** What settled replicas offer of an account, from when that was first asked for. */
export interface Offers {
  /** The least valuable first, as they were when last asked for. */
  sorted: readonly Offer[];
  /** Those of which something has changed since, or that are gone: what they offer is found anew. */
  readonly changed: Set<ReplicaId>;
  /** Whether all that has changed is that they were used, by which everything only hurts more. */
  onlyUsed: boolean;
}

/** How much it hurts to free a place: the worth of the most valuable victim, how many replicas leave, what they hold. */
export interface Harm {
  readonly dearest: Worth;
  readonly leaving: number;
  readonly bytes: Bytes;
}

/** What a GPU has beside what stays on it. */
export interface Gap {
  readonly account: AccountId;
  readonly gap: Bytes;
}

/** What the GPUs of a server have beside what stays there: more is nowhere to spare, whatever leaves. */
export interface Gaps {
  /** Of each of them. */
  readonly gpus: readonly Gap[];
  /** The most of all; without end on a server that has not only GPUs. */
  readonly most: Bytes;
}
