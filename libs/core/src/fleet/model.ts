import type { ModelId } from './ids.js';

/** Milliseconds on the caller's monotonic clock. The core never reads a clock. */
export type Instant = number;
export type Millis = number;
export type Bytes = number;

/** How much a request or a model matters: nothing leaves for what is of a lower class. */
export type Class = 'critical' | 'default' | 'sheddable';

/** How requests for an absent model are treated. */
export interface ColdStart {
  /** `queue`: they wait for the load; `shed`: they are refused `no_capacity` at once. */
  readonly policy: 'queue' | 'shed';
  readonly maxQueue: number;
  readonly maxWait: Millis;
  /** Whether a request that is refused by `shed` still makes the model load. */
  readonly loadWhenShed: boolean;
}

/** What one model costs and how it wants to be treated; the same keys serve as defaults. */
export interface ModelSettings {
  /** `false`: never loaded by us; requests are refused `disabled`. */
  readonly enabled: boolean;
  /** Bytes on every device that holds a copy. */
  readonly gpuBytes: Bytes;
  /** Bytes on the host, whatever the number of copies. */
  readonly hostBytes: Bytes;
  /** Whether `gpuBytes` was declared for this very model; a default is only a guess. 0, declared: it needs no GPU. */
  readonly gpuDeclared: boolean;
  /** Whether `hostBytes` was. */
  readonly hostDeclared: boolean;
  /** How long after its last use a replica is retired; null: never. */
  readonly idleUnload: Millis | null;
  /** `soft`: idle replicas stay until their memory is wanted. */
  readonly idleMode: 'strict' | 'soft';
  readonly loadTimeout: Millis;
  /** How long a fresh replica is safe from eviction. */
  readonly minResidency: Millis;
  readonly class: Class;
  readonly coldStart: ColdStart;
  /** What becomes of a copy that is measured above its limit, beside being told of. */
  readonly onLimitExceeded: 'warn' | 'unload' | 'quarantine';
  /** `replace`: a copy that only fails counts for nothing, and another is loaded. */
  readonly onFailing: 'flag' | 'replace';
}

/** A model that Berth may place: declared by the operator, or discovered in a server's repository. */
export interface Model extends ModelSettings {
  readonly id: ModelId;
  readonly source: 'declared' | 'discovered';
  /** Copies kept resident always; 0 without a pin. */
  readonly pinnedCopies: number;
  /** Copies kept warm beside the pinned ones' claim; unlike a pin they give way to a higher class. */
  readonly minCopies: number;
  /** Most copies over the fleet; null: no bound. */
  readonly maxCopies: number | null;
  /** What must be ready on the same server before it can serve, beside the steps learned of ensembles. */
  readonly dependsOn: readonly ModelId[];
  /** Labels a server must carry. */
  readonly require: Readonly<Record<string, string>>;
  /** A label in which the servers of its copies are to differ, where there is a choice; null: in none. */
  readonly spread: string | null;
  /** Sets of ordinals over which the backend spreads one copy: booked whole, the config left alone. Empty: it does not. */
  readonly deviceSets: readonly (readonly number[])[];
  /** The operator's Triton ModelConfig as canonical JSON: lets Berth choose the GPU inside a server. */
  readonly config: string | null;
}

/** What has to be said of a model; it has no pin, no bound and no wish of its own unless that is said too. */
export type SaidOfModel = ModelSettings & Pick<Model, 'id' | 'source'> & Partial<Model>;

/**
 * A model, made so that every model has its keys in one order. Every turn reads all of them, and V8 gives an object that
 * was spread (`{ ...settings, id }`) a hidden class of its own: reading those is many times slower.
 */
export const evenly = (model: SaidOfModel): Model => ({
  id: model.id,
  source: model.source,
  enabled: model.enabled,
  gpuBytes: model.gpuBytes,
  hostBytes: model.hostBytes,
  gpuDeclared: model.gpuDeclared,
  hostDeclared: model.hostDeclared,
  idleUnload: model.idleUnload,
  idleMode: model.idleMode,
  loadTimeout: model.loadTimeout,
  minResidency: model.minResidency,
  class: model.class,
  coldStart: model.coldStart,
  onLimitExceeded: model.onLimitExceeded,
  onFailing: model.onFailing,
  pinnedCopies: model.pinnedCopies ?? 0,
  minCopies: model.minCopies ?? 0,
  maxCopies: model.maxCopies ?? null,
  dependsOn: model.dependsOn ?? [],
  require: model.require ?? {},
  spread: model.spread ?? null,
  deviceSets: model.deviceSets ?? [],
  config: model.config ?? null,
});
