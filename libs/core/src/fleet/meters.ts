import type { ModelId, ReplicaId, ServerId } from './ids.js';
import type { Bytes, Instant } from './model.js';

/**
 * What one GPU shows of its memory beside what we book on it, in the present incarnation of its server. A move is a
 * moment at which a replica begins or ends to take or to give back memory. Whose the bytes in use are can be told only
 * at rest: two samples without a move.
 */
export interface Meter {
  /** How many moves there were, and how many of them the last sample knew of. */
  moves: number;
  movesSeen: number;
  /** When a look last saw a move. */
  movedAt: Instant;
  /** The last two samples at rest. */
  samples: readonly Bytes[];
  /** The last load that began at rest. */
  trial: Trial | null;
  /** Unloads of measured copies, whose memory has to be seen coming back. */
  release: Release | null;
  /** Bytes in use that are surely foreign; null until that was first known. */
  foreign: Bytes | null;
  /** Bounds of what is foreign: the least by the latest sample, the most by all samples since it last changed. */
  foreignWithin: { readonly least: Bytes; readonly most: Bytes } | null;
  /** What has just ended: the latest sample may still show it. */
  gone: readonly Gone[];
  /** Bytes of `gone` that the latest sample may show beside the most that can be foreign. */
  late: Bytes;
  /** Bytes that unloads did not give back. */
  residue: Bytes;
}

/** A load whose footprint is what more is in use at the next rest. */
export interface Trial {
  readonly model: ModelId;
  /** Bytes in use before. */
  readonly before: Bytes;
  /** The count of moves at its end, unless something else moves. */
  readonly endsAt: number;
}

/** Memory that is to come back. */
interface Release {
  /** Bytes in use before. */
  readonly before: Bytes;
  /** The count of moves as long as nothing else moves; null where something had moved already as it began. */
  readonly endsAt: number | null;
  /** What each replica that leaves was measured to hold. */
  readonly owed: ReadonlyMap<ModelId, Bytes>;
}

/** What a replica held that has ended. */
interface Gone {
  readonly bytes: Bytes;
  /** When the first look ended that knew of the end; null before. */
  readonly since: Instant | null;
  /** Whether the bytes were measured; a copy may hold less than was booked for it. */
  readonly isMeasured: boolean;
}

/** A load ran out of memory on a device where the books had room for it: others must hold more there than was known. */
export interface Shortfall {
  readonly at: Instant;
  /** The load that ran out: it is booked until a look ends it. */
  readonly replica: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  /** The least that must be in use beside all that was counted: with it the load would not have been ordered. */
  readonly bytes: Bytes;
  /** When it ends at the latest, where nothing measures the device. */
  readonly until: Instant;
}

/** What loads of a model were measured to take on one device, and how often that was measured. */
export interface Footprint {
  readonly peak: Bytes;
  readonly times: number;
}
