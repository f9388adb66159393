import type { ModelId } from './ids.js';

/** Milliseconds on the caller's monotonic clock. The core never reads a clock. */
export type Instant = number;
export type Millis = number;
export type Bytes = number;

/** How much a request or a model matters: no copy in use leaves for a model of a lower class. */
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

/** What a model costs and how it is treated. The defaults have the same keys. */
export interface ModelSettings {
  /** `false`: Berth never loads it, and refuses requests as `disabled`. */
  readonly enabled: boolean;
  /** Bytes on every device that holds a copy. */
  readonly gpuBytes: Bytes;
  /** Bytes on the host, whatever the number of copies. */
  readonly hostBytes: Bytes;
  /** Whether the bytes were declared for this model, and are no default. A model declared with 0 GPU bytes needs no GPU. */
  readonly gpuDeclared: boolean;
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
  /** What becomes of a copy that is measured above its limit, beside its flag. */
  readonly onLimitExceeded: 'warn' | 'unload' | 'quarantine';
  /** `replace`: a failing copy is replaced by another one. */
  readonly onFailing: 'flag' | 'replace';
}

/** A model that Berth may place: declared by the operator, or discovered in a server's repository. */
export interface Model extends ModelSettings {
  readonly id: ModelId;
  readonly source: 'declared' | 'discovered';
  /** Copies that the pin keeps always; 0 without a pin. */
  readonly pinnedCopies: number;
  /** Copies kept warm, pinned ones included; unlike those they give way to a higher class. */
  readonly minCopies: number;
  /** Most copies in the fleet; null: no bound. */
  readonly maxCopies: number | null;
  /** Models that must be ready on the same server before it can serve, beside the steps learned of ensembles. */
  readonly dependsOn: readonly ModelId[];
  /** Whether `dependsOn` was declared, be it as an empty list: else the model may be an ensemble until its config is read. */
  readonly needsDeclared: boolean;
  /** Labels a server must carry. */
  readonly require: Readonly<Record<string, string>>;
  /** A label whose values are to differ among the servers of its copies, where there is a choice. */
  readonly spread: string | null;
  /** Sets of ordinals over which the backend spreads one copy: all of a set is booked, and no config is sent. */
  readonly deviceSets: readonly (readonly number[])[];
  /** The operator's Triton ModelConfig as canonical JSON: lets Berth choose the GPU inside a server. */
  readonly config: string | null;
}

/** What has to be said of a model; the other keys have defaults. */
export type SaidOfModel = ModelSettings & Pick<Model, 'id' | 'source'> & Partial<Model>;

/**
 * A model whose keys are in one order. Every turn reads all models, and V8 gives an object that was spread
 * (`{ ...settings, id }`) a hidden class of its own, which is many times slower to read.
 */
export const withKeysInOrder = (model: SaidOfModel): Model => ({
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
  needsDeclared: model.needsDeclared ?? false,
  require: model.require ?? {},
  spread: model.spread ?? null,
  deviceSets: model.deviceSets ?? [],
  config: model.config ?? null,
});
