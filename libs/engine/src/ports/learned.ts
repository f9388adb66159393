import type { Footprint, LoadTimes, ModelId, RememberedDevice, ServerId, ServerLoadTimes } from '#core';

/** The repository and devices of a server, as last seen. */
export interface LearnedServer {
  readonly repository: readonly ModelId[];
  readonly devices: readonly RememberedDevice[];
}

/** How long loads of one model take. */
export interface LearnedLoadTimes {
  readonly anywhere: LoadTimes;
  readonly on: readonly ServerLoadTimes[];
}

/** The ends of leases on one server, by model: milliseconds since 1970, in whole seconds. */
export type LearnedLeases = Readonly<Record<string, number>>;

/** How many servers were wanted at most in one minute; it began at `from`, in milliseconds since 1970. */
export interface LearnedWant {
  readonly from: number;
  readonly servers: number;
}

export interface LearnedFacts {
  readonly servers: ReadonlyMap<ServerId, LearnedServer>;
  /** The models that Berth ordered on each server, with the steps of ensembles that it ordered. */
  readonly ordered: ReadonlyMap<ServerId, readonly ModelId[]>;
  readonly steps: ReadonlyMap<ModelId, readonly ModelId[]>;
  readonly loadTimes: ReadonlyMap<ModelId, LearnedLoadTimes>;
  readonly loadPaces: ReadonlyMap<ServerId, LoadTimes>;
  readonly footprints: ReadonlyMap<ModelId, Footprint>;
  /** Leases that outlast the default lease: the next life has to keep them. */
  readonly leases: ReadonlyMap<ServerId, LearnedLeases>;
  /** The wants of the last hour, as far as they are known: without them the fleet could be made smaller too early. */
  readonly wants: readonly LearnedWant[];
}

/** One learned fact replaced, or forgotten with null. */
export type LearnedChange =
  | { readonly kind: 'server'; readonly server: ServerId; readonly value: LearnedServer | null }
  | { readonly kind: 'ordered'; readonly server: ServerId; readonly value: readonly ModelId[] | null }
  | { readonly kind: 'steps'; readonly model: ModelId; readonly value: readonly ModelId[] | null }
  | { readonly kind: 'loadTimes'; readonly model: ModelId; readonly value: LearnedLoadTimes | null }
  | { readonly kind: 'loadPace'; readonly server: ServerId; readonly value: LoadTimes | null }
  | { readonly kind: 'leases'; readonly server: ServerId; readonly value: LearnedLeases | null }
  | { readonly kind: 'footprint'; readonly model: ModelId; readonly value: Footprint | null }
  | { readonly kind: 'wants'; readonly value: readonly LearnedWant[] };

/** Whether the store takes what it is to keep. */
export interface StoreHealth {
  /** Why it does not; null from the next write that succeeds. */
  readonly failure: Error | null;
  /** Has `tell` hear of the first failure, and of the first success after one. */
  follow(tell: () => void): void;
}

/** Stores learned facts. Their loss costs time, never correctness; but the loss of a lease breaks a promise. */
export interface Learned {
  read(): Promise<LearnedFacts>;
  /** Durable once resolved. */
  write(changes: readonly LearnedChange[]): Promise<void>;
}
