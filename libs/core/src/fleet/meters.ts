import type { ModelId, ReplicaId, ServerId } from './ids.js';
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
  /** Bytes in use that are surely others': of these all are told, and planned with. Null until it was first at rest. */
  foreign: Bytes | null;
  /** The least that it can be by the latest sample, and the most by all since it last changed; null before the first of them. */
  foreignWithin: { readonly least: Bytes; readonly most: Bytes } | null;
  /** What has ended there only just: the latest sample may be from before. */
  gone: readonly Gone[];
  /** Bytes of that which the latest sample may show, beside the most that can be others'. */
  late: Bytes;
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

/** What a replica held that has ended, and since when looks have known of that; null before the first of them. */
interface Gone {
  readonly bytes: Bytes;
  readonly since: Instant | null;
  /** Whether that was measured; what was only booked may have been less. */
  readonly isMeasured: boolean;
}

/** A load ran out of memory on a device where the books had room for it: others must hold more there than was known. */
export interface Shortfall {
  readonly at: Instant;
  /** Which load it was: until it has ended it is still booked. */
  readonly replica: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  /** What must be in use there beside all that was counted, at the least: with it the load would not have been ordered. */
  readonly bytes: Bytes;
  /** When it counts no more at the latest, where nothing measures the device. */
  readonly until: Instant;
}

/** What loads of a model were seen to take on one device. */
export interface Footprint {
  readonly peak: Bytes;
  /** How often it was measured. */
  readonly times: number;
}
