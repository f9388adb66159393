import type { AccountId } from './ids.js';
import type { Bytes } from './model.js';
import type { Settled } from './replica.js';
import type { Device } from './server.js';
import type { Worth } from './worth.js';

/** What a replica holds of an account, and all that it holds; and what it is worth at least, should it leave. */
export interface Offer extends Worth {
  readonly replica: Settled;
  readonly bytes: Bytes;
  readonly whole: Bytes;
}

/** What the GPUs of a server have beside what rests there: more is nowhere to spare, whatever is in motion. */
export interface Gaps {
  /** The devices for which it was worked out. */
  readonly devices: readonly Device[];
  /** Of each of them. */
  readonly gpus: ReadonlyMap<AccountId, Bytes>;
  /** The most of all; without end on a server that has not only GPUs. */
  readonly most: Bytes;
}
