import type { AccountId, ModelId, ServerId } from './ids.js';
import type { LoadTimes } from '../learned/load-times.js';
import type { ControlMode } from '../looks/look.js';
import type { Bytes, Instant, Millis, Model } from './model.js';
import type { Meter } from './meters.js';
import type { Booking } from './replica.js';
import type { Latency, Slowdown } from '../learned/slowdown.js';

/** One GPU of a server, or the processor of a server that has none. */
export interface Device {
  readonly ordinal: number;
  readonly uuid: string | null;
  readonly kind: 'gpu' | 'cpu';
  /** The purse it draws on: its own for a gpu, the host's for a cpu. */
  readonly account: AccountId;
  /** What we may fill: memory less headroom. */
  readonly capacity: Bytes;
  /** Bytes in use by any process, as last measured; null where nothing tells. */
  readonly used: Bytes | null;
}

/**
 * How we stand with a server's control port:
 *
 *   connecting ──> up <──> slow ──> lost
 *                  └──> down ──> lost        down: the connection ended, or we closed it; lost after 2 s without a new one
 *
 * `slow` keeps its routes but takes nothing new; `lost` has none.
 */
export type Contact =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up' }
  | { readonly kind: 'slow'; readonly probesFailed: number; readonly nextProbeAt: Instant }
  /** `moved`: there was no connection to its present address yet, so a refusal there says nothing of the process. */
  | { readonly kind: 'down'; readonly since: Instant; readonly moved: boolean }
  | { readonly kind: 'lost'; readonly since: Instant };

/** A Triton ModelConfig read from a loaded model. */
export interface LearnedConfig {
  /** The whole config as canonical JSON. */
  readonly json: string;
  readonly kind: 'gpu' | 'cpu' | 'model';
  /** Ordinals that hold a copy; empty for cpu and where Triton does not say. */
  readonly gpus: readonly number[];
  /** Instances per device. */
  readonly count: number;
  /** The most requests that an instance takes at once: 1 where nothing makes batches of them. */
  readonly batch: number;
}

/** What the operator told of a server. */
export interface ServerSpec {
  readonly id: ServerId;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostMemory: Bytes | null;
  readonly discover: boolean;
  readonly strangers: 'keep' | 'adopt' | 'retire';
  /** Null: found from the metrics. */
  readonly devices:
    | readonly {
        readonly ordinal: number;
        readonly uuid: string | null;
        readonly memory: Bytes;
        readonly headroom: Bytes;
      }[]
    | null;
}

/** One Triton process as far as we know it. */
export interface Server {
  spec: ServerSpec;
  contact: Contact;
  /** When the present connection began, or the last one ended: a look begun before tells of what may be gone. */
  looksCountFrom: Instant;
  /** Whether a connection attempt was refused since the last look: the process has died in between. */
  refused: boolean;
  /** Whether a look was taken over the present connection; before it no route is given. */
  looked: boolean;
  /** Whether it was ever looked at, in this life of ours or (as a learned fact) in an earlier one. */
  everSeen: boolean;
  mode: ControlMode | null;
  version: string | null;
  incarnation: number;
  /** Null until declared or found. */
  devices: readonly Device[] | null;
  /** How they were found; null where they are declared, or only remembered. */
  found: Found | null;
  /** The names its repository lists, loaded or not. */
  repository: ReadonlySet<ModelId>;
  /** The models of which the last index showed a version, past its loading. */
  versioned: ReadonlySet<ModelId>;
  /** When the last full look, and the last reading of statistics, began. */
  lookedAt: Instant | null;
  statisticsAt: Instant | null;
  /** Whether the metrics answered in the last look. */
  metricsAnswered: boolean;
  /** Requests queued inside Triton, per model; nothing of a model of which a copy is hidden, whose queue it may be. */
  pending: ReadonlyMap<ModelId, number>;
  /** A look ordered and not yet reported. */
  looking: 'full' | 'statistics' | null;
  /** When the last full look, and the last of either kind, was reported, and how long the latter took. */
  fullEndedAt: Instant | null;
  anyEndedAt: Instant | null;
  lookTook: Millis;
  /** A full look, or statistics, is needed that begins at or after this instant. */
  lookWanted: Instant | null;
  statisticsWanted: Instant | null;
  drain: { readonly since: Instant; readonly deadline: Instant | null } | null;
  readonly configs: Map<ModelId, LearnedConfig>;
  /** Models whose config was asked for in this incarnation, and whether it was told since. */
  readonly described: Map<ModelId, 'asked' | 'told'>;
  /** What we ordered here, with the steps that came up through it: everything else found is a stranger. */
  readonly ordered: Set<ModelId>;
  /** Until when an earlier life of ours has leased what this one has not seen yet. */
  promised: ReadonlyMap<ModelId, Instant>;
  /** What came up while loads of ours ran that may be of ensembles: taken for steps of theirs, until their configs tell. */
  readonly presumed: Map<ModelId, readonly ModelId[]>;
  /** Copies that live on behind a newer row, or whose row is gone: booked until time or a new incarnation ends them. */
  hidden: readonly HiddenCopy[];
  /** What is measured of its GPUs, by ordinal, in this incarnation. */
  readonly meters: Map<number, Meter>;
  /** Bytes that its copies were measured to hold, by model and ordinal. */
  readonly measured: Map<ModelId, ReadonlyMap<number, Bytes>>;
  /** How long requests for each model take here, and whether all together take longer than usual. */
  readonly latencies: Map<ModelId, Latency>;
  slowdown: Slowdown;
  /** How long loads of each model take here. */
  readonly loadTimes: Map<ModelId, LoadTimes>;
  /** How long loads take here for their size; null before the first. */
  loadPace: LoadTimes | null;
  /** How long unloads take here, until a look shows the memory free; null before the first. */
  unloadTimes: LoadTimes | null;
  /** When it may again be asked for as many loads that repeat a failed one as ever: see `retryAt`. */
  retriesFullAt: Instant;
}

/** Devices that the metrics showed. */
export interface Found {
  /** The life of the server in which they did. */
  readonly incarnation: number;
  /** Another number of GPUs that looks in a row have shown since; null where the last one showed what is known. */
  readonly other: { readonly gpus: number; readonly since: Instant } | null;
}

/** A copy that no call of Triton's shows any more, and whose memory may still be held. */
export interface HiddenCopy {
  readonly model: ModelId;
  readonly bookings: readonly Booking[];
  readonly until: Instant;
}

/** Whether a server's labels meet what a model asks for. */
export const labelsMatch = (server: Server, { require }: Model): boolean =>
  Object.entries(require).every(([key, value]) => server.spec.labels[key] === value);
