import type { LoadTimes } from './kept.js';
import type { AccountId, ModelId, ServerId } from './ids.js';
import type { ControlMode } from '../looks/look.js';
import type { Bytes, Instant, Millis, Model } from './model.js';
import type { Meter } from './meters.js';
import type { Booking } from './replica.js';

/** One GPU of a server, or the processor of a server that has none. */
export interface Device {
  readonly ordinal: number;
  readonly uuid: string | null;
  readonly kind: 'gpu' | 'cpu';
  /** Its own for a gpu, the host's for a cpu. */
  readonly account: AccountId;
  /** Memory less headroom. */
  readonly capacity: Bytes;
  /** Bytes in use by any process, as last measured; null where nothing tells. */
  readonly used: Bytes | null;
}

/**
 * The state of the connection to a server's control port:
 *
 *   connecting ──> up <──> slow ──> lost
 *                  └──> down ──> lost        down: the connection ended, or we closed it; lost after 2 s without a new one
 *
 * `slow` keeps its routes but gets no orders; `lost` has no routes.
 */
export type Contact =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up' }
  | { readonly kind: 'slow'; readonly probesFailed: number; readonly nextProbeAt: Instant }
  /** `moved`: there was no connection to its present address yet, so a refused attempt there does not prove a death. */
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
}

/** The operator's declaration of a server. */
export interface ServerSpec {
  readonly id: ServerId;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostMemory: Bytes | null;
  readonly discover: boolean;
  readonly strangers: 'keep' | 'adopt' | 'retire';
  /** How often its Triton reads its GPUs (`--metrics-interval-ms`), which no call tells. */
  readonly metricsInterval: Millis;
  /** Null: taken from the metrics. */
  readonly devices: readonly DeclaredDevice[] | null;
}

/** The operator's declaration of a GPU. */
export interface DeclaredDevice {
  readonly ordinal: number;
  readonly uuid: string | null;
  readonly memory: Bytes;
  readonly headroom: Bytes;
}

/** What is known of one Triton process: nothing, before it was seen. */
export class UnseenServer {
  spec: ServerSpec;
  contact: Contact = { kind: 'connecting' };
  /** When the present connection began, or the last one ended. A look begun before may tell of another process. */
  looksCountFrom: Instant = -Infinity;
  /** Whether an attempt to connect was refused since the last look: the process has died in between. */
  refused = false;
  /** Whether it was looked at over the present connection; before that no route is given. */
  looked = false;
  /**
   * A look that begins at this moment or later is the second one that orders wait for: see `Fleet.looks`. Infinity before
   * the first look; null where none is waited for.
   */
  secondLookFrom: Instant | null;
  /** Whether it was ever looked at, by this process of Berth or an earlier one. */
  everSeen = false;
  mode: ControlMode | null = null;
  version: string | null = null;
  incarnation = 0;
  /** Null until declared or found. */
  devices: readonly Device[] | null = null;
  /** How the metrics showed them; null where they are declared, or only remembered. */
  found: Found | null = null;
  /** The names that its repository lists, loaded or not. */
  repository: ReadonlySet<ModelId> = new Set();
  /** Whether its repository lists a model that is known to be an ensemble: see `ordersAtOnce`. */
  hasEnsemble = false;
  /** The models of which the last index showed a version that was not just loading. */
  versioned: ReadonlySet<ModelId> = new Set();
  /** When the last full look, and the last reading of statistics, began. */
  lookedAt: Instant | null = null;
  statisticsAt: Instant | null = null;
  /** Whether the metrics answered in the last look. */
  metricsAnswered = false;
  /** Requests queued inside Triton, by model. A model with a hidden copy is left out: it may be that one's queue. */
  pending: ReadonlyMap<ModelId, number> = new Map();
  /** The look that is under way. */
  looking: 'full' | 'statistics' | null = null;
  /** When the last full look, and the last look of either kind, was reported, and how long the latter took. */
  fullEndedAt: Instant | null = null;
  anyEndedAt: Instant | null = null;
  lookTook = 0;
  /** A full look, or statistics, is needed that begins at or after this instant. */
  lookWanted: Instant | null = null;
  statisticsWanted: Instant | null = null;
  drain: { readonly since: Instant; readonly deadline: Instant | null } | null = null;
  readonly configs = new Map<ModelId, LearnedConfig>();
  /** Models whose config was asked for in this incarnation, and whether it was told since. */
  readonly described = new Map<ModelId, 'asked' | 'told'>();
  /** Models that Berth ordered here, and the steps that came up with them. Others that are found are strangers. */
  readonly ordered = new Set<ModelId>();
  /** Leases that an earlier process of Berth gave, and when they end, on copies that this one has not seen ready yet. */
  promised: ReadonlyMap<ModelId, Instant> = new Map();
  /**
   * Unloads without an answer that looks have settled as undone, and until when they may all the same wait behind what another
   * client has ordered of their family: until then no order of ours goes out beside them.
   */
  readonly undone = new Map<ModelId, Instant>();
  /** Copies that a newer row hides, or whose row is gone. */
  hidden: readonly HiddenCopy[] = [];
  /** The meters of its GPUs in this incarnation, by ordinal. */
  readonly meters = new Map<number, Meter>();
  /** Bytes that its copies were measured to hold, by model and ordinal. */
  readonly measured = new Map<ModelId, ReadonlyMap<number, Bytes>>();
  /** When its process last gave memory back late, the last two: see `givesBackLate`. */
  strikes: readonly Instant[] = [];
  /** When readings of its metrics came later than the window says. Three in ten minutes: see `areMetricsLate`. */
  lateReadings: readonly Instant[] = [];
  /** How long loads of each model take here. */
  readonly loadTimes = new Map<ModelId, LoadTimes>();
  /** How long loads take here for their size; null before the first. */
  loadPace: LoadTimes | null = null;
  /** How long unloads take here, from the end of the last lease until the memory counts as free; null before the first. */
  unloadTimes: LoadTimes | null = null;
  /** When the config was last told of a model of which none was declared. */
  configToldAt: Instant = -Infinity;
  /** When a load there, and the memory of an unload, last came later than their P90. */
  lateLoadAt: Instant = -Infinity;
  lateMemoryAt: Instant = -Infinity;
  /**
   * When the operator last took memory there: a copy got its place by an order (`BY_ORDER`), or was declared to be kept, or larger;
   * -Infinity where that never was.
   */
  orderedPlaceAt: Instant = -Infinity;

  constructor(spec: ServerSpec, looks: 1 | 2) {
    this.spec = spec;
    this.secondLookFrom = looks === 2 ? Infinity : null;
  }
}

/** It is an interface, and no class, since servers are spread. */
export interface Server extends UnseenServer {}

/** How the metrics showed the devices. */
export interface Found {
  /** The incarnation of the server in which they did. */
  readonly incarnation: number;
  /** Another number of GPUs, and since when looks in a row have shown it; null where the last one showed what is known. */
  readonly other: { readonly gpus: number; readonly since: Instant } | null;
}

/** A copy that no call of Triton shows any more. Its memory stays booked until `until`, or until a new incarnation. */
export interface HiddenCopy {
  readonly model: ModelId;
  readonly bookings: readonly Booking[];
  readonly until: Instant;
  /** The devices of a load of ours that may still run, where that is what is hidden; else null. */
  readonly comesTo: readonly number[] | null;
}

/** Whether a server has all the labels that a model requires. */
export const labelsMatch = (server: Server, { require }: Model): boolean =>
  Object.entries(require).every(([key, value]) => server.spec.labels[key] === value);
