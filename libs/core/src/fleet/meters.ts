import type { ModelId, ReplicaId, ServerId } from './ids.js';
import type { Bytes, Instant } from './model.js';

/**
 * What one GPU shows of its memory beside what we book on it, in the present incarnation of its server. A move is a load
 * or an unload there, ours or a stranger's, from its order (or the look that shows it) to its end. What is in use shows it
 * a window later at the latest: see `windowOf`.
 */
export interface Meter {
  /** When the last move began or ended. A start of Berth, or of the process, counts as one. */
  movedAt: Instant;
  /** When the last look began that told what is in use; -Infinity before the first. */
  toldAt: Instant;
  /** Bytes in use by others, as they are counted; residue is part of them. */
  others: Bytes;
  /** Bytes that unloads did not give back. */
  residue: Bytes;
  /** What has left: a reading may still show it. */
  gone: readonly Gone[];
  /** Why nothing is loaded there at present. */
  closed: Closed | null;
  /**
   * The copies that were there when a load ran out, and were not measured, with what was booked of them: others may hide in
   * what they do not use, and what is measured beyond that later may be others'.
   */
  suspects: ReadonlyMap<ModelId, Bytes>;
  /** The last clean sample. */
  clean: { readonly at: Instant; readonly used: Bytes } | null;
  /** The copies that came and left since then; null where a copy was found or changed, so that nothing is learned. */
  changes: readonly MemoryChange[] | null;
  /** The last of them, which a clean sample has to show. */
  lastChange: MemoryChange | null;
}

/** What a replica held that has ended. */
interface Gone {
  readonly bytes: Bytes;
  readonly at: Instant;
  /** Whether a copy has left, and not only a load that failed. */
  readonly isCopy: boolean;
}

/** A copy that has come up, or that has left. */
export interface MemoryChange {
  readonly model: ModelId;
  readonly kind: 'came' | 'left';
  /** As measured of this very copy; null where it was not, or has only come. */
  readonly measured: Bytes | null;
  readonly booked: Bytes;
}

/** A device onto which nothing is loaded until its next clean sample. */
export interface Closed {
  readonly since: Instant;
  /** `ran_out`: a load ran out of memory although the books had room. `not_known_yet`: the books do not explain what is in use. */
  readonly because: 'ran_out' | 'not_known_yet';
  /** What others may hold at most: what fits beside that is loaded all the same. */
  readonly most: Bytes;
  /** Since when no order of ours has been under way there; since it closed where such orders tell nothing of it (`not_known_yet`). */
  readonly quietSince: Instant;
}

/** A load ran out of memory on a device where the books had room for it. */
export interface Shortfall {
  readonly at: Instant;
  /** The load that ran out: it is booked until a look ends it. */
  readonly replica: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  /** The least that must be in use beside all that was counted: with it the load would not have been ordered. */
  readonly bytes: Bytes;
  /** What the books had for the load. */
  readonly free: Bytes;
  /** What was counted as others'. */
  readonly others: Bytes;
  /** Whether a copy had left within the window before the load was ordered: its memory may have come back late. */
  readonly isAfterUnload: boolean;
  /** When it ends at the latest, where nothing measures the device. */
  readonly until: Instant;
}

/** What loads of a model were measured to take on one device, and how often that was measured. */
export interface Footprint {
  readonly peak: Bytes;
  readonly times: number;
  /** The last two measurements, the earlier one first: 0 where there was none. What a backend tells counts as both. */
  readonly latest: readonly [Bytes, Bytes];
}
