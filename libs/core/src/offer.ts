import type { AccountId } from './ids.js';
import type { Bytes, Instant } from './model.js';
import type { Settled } from './replica.js';
import type { Device } from './server.js';
import type { Worth } from './worth.js';

/** What a replica holds of an account, and all that it holds; and what it is worth at least, should it leave. */
export interface Offer extends Worth {
  readonly replica: Settled;
  readonly bytes: Bytes;
  readonly whole: Bytes;
  /** When it has been where it is for long enough to be moved. */
  readonly movable: Instant;
}

/** How much it hurts to free a place: the worth of the most valuable victim, how many replicas leave, what they hold. */
export interface Harm {
  readonly dearest: Worth;
  readonly leaving: number;
  readonly bytes: Bytes;
}

/** What a GPU has beside what rests on it. */
export interface Gap {
  readonly account: AccountId;
  readonly gap: Bytes;
}

/** What the GPUs of a server have beside what rests there: more is nowhere to spare, whatever is in motion. */
export interface Gaps {
  /** The devices for which it was worked out, as they were last seen. */
  devices: readonly Device[];
  /** Of each of them. */
  readonly gpus: readonly Gap[];
  /** The most of all; without end on a server that has not only GPUs. */
  readonly most: Bytes;
  /**
   * What it hurts at least to make room for so many bytes on some of them, whoever may go, for sizes that were asked for:
   * models are of few sizes. It is forgotten when one of the replicas changes.
   */
  readonly harms: Map<Bytes, KnownHarm>;
  /** How often any of them was used since. A use only makes it hurt more: what was known until then is a lower bound. */
  uses: number;
}

interface KnownHarm {
  /** Undefined where all that may go is not enough, which no use changes. */
  readonly harm: Harm | undefined;
  /** How often any had been used when it was worked out. */
  readonly uses: number;
}
