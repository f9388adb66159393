import type { ModelId } from './ids.js';
import type { Bytes, Instant } from './model.js';

/**
 * What one GPU shows of its memory beside what we book on it, in the present incarnation of its server. How much is in
 * use says whose it is only *at rest*: when nothing of ours has begun or ended there for a while.
 */
export interface Meter {
  /** How often something of ours began or ended to take or give back memory there, and how many of these the last sample knew of. */
  moves: number;
  movesSeen: number;
  /** When the last of them was noticed. */
  movedAt: Instant;
  /** The last two samples at rest. */
  samples: readonly Bytes[];
  /** The last load that began at rest: what it takes is seen when it has ended and nothing else has moved. */
  trial: Trial | null;
  /** Unloads of what was measured: their memory has to be seen coming back. */
  release: Release | null;
  /** Bytes in use that no replica of ours explains; null until it was first at rest. */
  foreign: Bytes | null;
  /** The least and the most that it can be, as far as samples before that first rest tell; null before the first of them. */
  foreignWithin: { readonly least: Bytes; readonly most: Bytes } | null;
  /** Bytes that unloads did not give back. */
  residue: Bytes;
}

/** Something that is to change how much is in use. */
export interface Trial {
  readonly model: ModelId;
  /** In use before. */
  readonly before: Bytes;
  /** The count of moves when it has ended and nothing else has moved; null where something moved already as it began. */
  readonly endsAt: number | null;
}

/** Memory that is to come back. */
interface Release {
  /** In use before. */
  readonly before: Bytes;
  /** The count of moves as long as nothing else has moved; null where something moved already as it began. */
  readonly endsAt: number | null;
  /** What each of those that leave was measured to hold. */
  readonly owed: ReadonlyMap<ModelId, Bytes>;
}

/** What loads of a model were seen to take on one device. */
export interface Footprint {
  readonly peak: Bytes;
  /** How often it was measured. */
  readonly times: number;
}
