import { MortalTimers } from '../agenda.js';
import type { Timers } from '../agenda.js';
import { UnloadsInWork } from './at-once.js';
import type { Copy } from './copy.js';
import { DeviceMemory } from './device-memory.js';
import type { Holding, SimulatedDevice } from './device-memory.js';
import type { FailingCall, FaultSwitches } from './faults.js';
import { KnownModels } from './known-models.js';
import type { ServingConfig } from './model-config.js';
import { CommonHandler, LoadThreads, NameLocks } from './queues.js';
import type { ModelRepository } from './repository.js';
import { AllSeries } from './series.js';
import type { ModelOnDisk } from './simulated-model.js';

/** How a simulated server is started: Triton's flags, and the small delays that Triton has by itself. */
export interface SimulatedTritonOptions {
  readonly controlMode: 'explicit' | 'none' | 'poll';
  readonly loadThreads: number;
  readonly strictReadiness: boolean;
  /** The header that index, load and unload demand, `triton-grpc-protocol-<key>`, and its value. */
  readonly restriction: { readonly key: string; readonly value: string } | undefined;
  readonly metricsIntervalMs: number;
  /** When the metrics port opens after gRPC, and for how long it tells of a host without memory: 90 and 1,000 ms were measured. */
  readonly metricsAfterMs: number;
  readonly hostMemoryAfterMs: number;
  readonly exitTimeoutMs: number;
  /** Loaded before the ports open; `['*']` means all. */
  readonly startupModels: readonly string[];
  /** What a bare server holds on each GPU: a CUDA context and a pool. */
  readonly baselineBytes: number;
  /** Time of one call on the common handler. */
  readonly callMs: number;
  /** Wall time in milliseconds, which is what statistics give. */
  readonly wallClock: () => number;
}

/** The states of one version in the index. */
type VersionState = 'LOADING' | 'READY' | 'UNLOADING' | 'UNAVAILABLE';

/** What the index says of one version. It describes the newest copy only; an older one may still hold memory. */
export interface VersionRow {
  readonly version: number;
  state: VersionState;
  reason: string;
  copy: Copy | undefined;
  /** What `copy` was loaded as. */
  model: ModelOnDisk;
  config: ServingConfig;
}

/** All a process remembers of one model since it first loaded it. It forgets nothing before it ends. */
export interface ModelLife {
  readonly name: string;
  readonly rows: Map<number, VersionRow>;
}

/** What a load asked of the first place that had too little left for it. */
export interface Asked extends Holding {
  readonly model: string;
}

/** What happens in a server while no call tells of it. */
export type Untold =
  /** The load of an ensemble reads a step anew that serves, since its files have changed: then there are two. */
  | { readonly kind: 'step read anew'; readonly step: string }
  /** A call fails for once. */
  | { readonly kind: 'call fails'; readonly call: FailingCall }
  /** The process dies of the unloads that it works at. */
  | { readonly kind: 'dies of unloads'; readonly models: readonly string[] };

/** What a process is started on. */
export interface ProcessSetup {
  readonly timers: Timers;
  readonly options: SimulatedTritonOptions;
  readonly devices: readonly SimulatedDevice[];
  readonly hostMemoryBytes: number;
  readonly repository: ModelRepository;
  readonly faults: FaultSwitches;
  /** Numbers the copies, over all lives of the server. */
  readonly nextCopyId: () => number;
  /** Called when a load asks for memory that is not there. */
  readonly onOutOfMemory: (asked: Asked) => void;
  readonly onUntold: (untold: Untold) => void;
  /** Ends the process at once. */
  readonly crash: () => void;
}

/** Everything that ends with one life of a Triton process. */
export interface ProcessState extends Omit<ProcessSetup, 'hostMemoryBytes'> {
  /** When it opened its gRPC port; Infinity before. */
  openedAt: number;
  readonly timers: MortalTimers;
  readonly memory: DeviceMemory;
  readonly handler: CommonHandler;
  readonly threads: LoadThreads;
  readonly locks: NameLocks;
  readonly unloadsInWork: UnloadsInWork;
  readonly lives: Map<string, ModelLife>;
  readonly known: KnownModels;
  readonly copies: Set<Copy>;
  readonly series: AllSeries;
  /** Copies that no call shows and no unload ends. They make the process leave by timeout. */
  phantoms: number;
  isLeaving: boolean;
}

/** A process that has just been executed: no model, no copy, only what a bare server holds. */
export function freshProcess(setup: ProcessSetup): ProcessState {
  const { options, devices, repository, faults } = setup;
  const { nextCopyId, onOutOfMemory, onUntold, crash } = setup;
  const timers = new MortalTimers(setup.timers);
  const memory = new DeviceMemory(timers, options.metricsIntervalMs, devices, setup.hostMemoryBytes);
  for (const { ordinal } of devices) memory.set('server', ordinal, options.baselineBytes);
  return {
    openedAt: Infinity,
    timers,
    options,
    devices,
    repository,
    faults,
    memory,
    handler: new CommonHandler(timers),
    threads: new LoadThreads(options.loadThreads),
    locks: new NameLocks(() => faults.ordersOvertake),
    unloadsInWork: new UnloadsInWork(),
    lives: new Map(),
    known: new KnownModels(),
    copies: new Set(),
    series: new AllSeries(),
    phantoms: 0,
    isLeaving: false,
    nextCopyId,
    onOutOfMemory,
    onUntold,
    crash,
  };
}

/** The rows of a model that are served now, the highest version last. */
export function readyRows(life: ModelLife | undefined): readonly VersionRow[] {
  const rows = [...(life?.rows.values() ?? [])].filter(({ state }) => state === 'READY');
  return rows.sort((one, other) => one.version - other.version);
}

/** What a process remembers of a model, from now on if it did not before. */
export function lifeOf(process: ProcessState, name: string): ModelLife {
  const life = process.lives.get(name) ?? { name, rows: new Map() };
  process.lives.set(name, life);
  return life;
}
