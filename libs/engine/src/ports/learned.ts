import type { Footprint, LoadTimes, ModelId, RememberedDevice, ServerId, ServerLoadTimes } from '#core';

/** What was seen of a server. */
export interface LearnedServer {
  readonly repository: readonly ModelId[];
  readonly devices: readonly RememberedDevice[];
}

/** How long loads of one model take. */
export interface LearnedLoadTimes {
  readonly anywhere: LoadTimes;
  readonly on: readonly ServerLoadTimes[];
}

/** Until when copies on one server are leased, by model: milliseconds since 1970, in whole seconds. */
export type LearnedLeases = Readonly<Record<string, number>>;

export interface LearnedFacts {
  readonly servers: ReadonlyMap<ServerId, LearnedServer>;
  /** Per server the models we ordered there, with the steps that came up through an ensemble we ordered. */
  readonly ordered: ReadonlyMap<ServerId, readonly ModelId[]>;
  readonly steps: ReadonlyMap<ModelId, readonly ModelId[]>;
  readonly loadTimes: ReadonlyMap<ModelId, LearnedLoadTimes>;
  readonly loadPaces: ReadonlyMap<ServerId, LoadTimes>;
  readonly footprints: ReadonlyMap<ModelId, Footprint>;
  /** Of leases longer than the default: those that the next life has to keep. */
  readonly leases: ReadonlyMap<ServerId, LearnedLeases>;
}

/** One learned thing replaced, or with null forgotten. */
export type LearnedChange =
  | { readonly kind: 'server'; readonly server: ServerId; readonly value: LearnedServer | null }
  | { readonly kind: 'ordered'; readonly server: ServerId; readonly value: readonly ModelId[] | null }
  | { readonly kind: 'steps'; readonly model: ModelId; readonly value: readonly ModelId[] | null }
  | { readonly kind: 'loadTimes'; readonly model: ModelId; readonly value: LearnedLoadTimes | null }
  | { readonly kind: 'loadPace'; readonly server: ServerId; readonly value: LoadTimes | null }
  | { readonly kind: 'leases'; readonly server: ServerId; readonly value: LearnedLeases | null }
  | { readonly kind: 'footprint'; readonly model: ModelId; readonly value: Footprint | null };

/** Keeps what we learned: losing it costs time, never correctness; but for leases, whose loss breaks a promise. */
export interface Learned {
  read(): Promise<LearnedFacts>;
  /** Durable once resolved. */
  write(changes: readonly LearnedChange[]): Promise<void>;
}
