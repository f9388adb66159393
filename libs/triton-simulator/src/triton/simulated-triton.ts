import type { Timers } from '../agenda.js';
import { fail, says, succeed } from './answers.js';
import type { Answer, Reply } from './answers.js';
import { CallDesk } from './call-desk.js';
import type { Headers } from './call-desk.js';
import type { SimulatedDevice } from './device-memory.js';
import { FaultSwitches } from './faults.js';
import type { Fault } from './faults.js';
import { infer } from './inference.js';
import type { InferCall, Inferred } from './inference.js';
import { ageOf, gauges, metricsText } from './metrics-text.js';
import type { Gauges } from './metrics-text.js';
import {
  isServerReady,
  modelConfig,
  modelMetadata,
  modelReady,
  repositoryIndex,
  serverMetadata,
  statistics,
} from './observations.js';
import type { IndexRow, ModelMetadata, ServerMetadata } from './observations.js';
import { orderLoad, orderUnload } from './orders.js';
import type { Nothing, OrderParameters } from './orders.js';
import type { Asked, ProcessState, SimulatedTritonOptions, Untold } from './process-state.js';
import { ModelRepository } from './repository.js';
import { ServerLife } from './server-life.js';
import type { ServerPhase } from './server-life.js';
import type { ConfigJson, Place, SimulatedModel } from './simulated-model.js';
import type { ModelStatistics } from './statistics.js';
import { copyTruths } from './truths.js';
import type { CopyTruth } from './truths.js';

/** What a simulated server is made of. */
export interface SimulatedTritonSetup {
  readonly id: string;
  readonly timers: Timers;
  /** None for a server without GPUs. */
  readonly devices: readonly SimulatedDevice[];
  readonly hostMemoryBytes: number;
  readonly models: readonly SimulatedModel[];
  readonly options?: Partial<SimulatedTritonOptions>;
  /** Told of every change of the phase, with the exit code when a SIGTERM has brought the server down. */
  readonly onPhase?: (phase: ServerPhase, exitCode?: number) => void;
  readonly onUntold?: (untold: Untold) => void;
  /** Told when a load asks for memory that is not there, before it fails or the process dies of it. */
  readonly onOutOfMemory?: (asked: Asked) => void;
}

const DEFAULTS: Omit<SimulatedTritonOptions, 'wallClock'> = {
  controlMode: 'explicit',
  loadThreads: 4,
  strictReadiness: false,
  restriction: undefined,
  metricsIntervalMs: 2000,
  metricsAfterMs: 0,
  hostMemoryAfterMs: 0,
  exitTimeoutMs: 30_000,
  startupModels: [],
  baselineBytes: 0,
  callMs: 0.4,
};

/** Some wall time, so that a virtual one looks like it. */
const VIRTUAL_EPOCH_MS = 1_700_000_000_000;

/**
 * A Triton server as it was seen to behave, on a clock that is handed in and without a wire: what is asked is answered by
 * calling back. It starts at once; `inject` makes things go wrong; the last few members tell what no client can see.
 */
export class SimulatedTriton {
  readonly id: string;
  readonly devices: readonly SimulatedDevice[];
  /** What is on disk; it may change at any time. */
  readonly repository: ModelRepository;
  private readonly faults = new FaultSwitches();
  private readonly life: ServerLife;
  private readonly desk: CallDesk;

  constructor(private readonly setup: SimulatedTritonSetup) {
    const { id, timers, devices, hostMemoryBytes, models } = setup;
    const { onPhase = () => {}, onUntold = () => {}, onOutOfMemory = () => {} } = setup;
    const wallClock = (): number => VIRTUAL_EPOCH_MS + timers.now();
    const options = { ...DEFAULTS, wallClock, ...setup.options };
    this.id = id;
    this.devices = devices;
    this.repository = new ModelRepository(models);
    const { repository, faults } = this;
    const told = { onPhase, onUntold, onOutOfMemory };
    const around = { timers, devices, hostMemoryBytes, options, repository, faults, ...told };
    this.life = new ServerLife(around);
    this.desk = new CallDesk(this.life, around);
    this.start();
  }

  load(name: string, parameters: OrderParameters, reply: Reply<Nothing>, headers: Headers = {}): void {
    this.desk.order('load', reply, headers, (process, done) => orderLoad(process, name, parameters, done));
  }

  unload(name: string, parameters: OrderParameters, reply: Reply<Nothing>, headers: Headers = {}): void {
    this.desk.order('unload', reply, headers, (process, done) =>
      orderUnload(process, name, parameters, done),
    );
  }

  infer(call: InferCall, reply: Reply<Inferred>): void {
    this.desk.call(reply, (process, done) => infer(process, call, done));
  }

  index(
    { ready }: { readonly ready: boolean },
    reply: Reply<readonly IndexRow[]>,
    headers: Headers = {},
  ): void {
    const look = unlessLeaving((process) => repositoryIndex(process, ready));
    this.desk.restricted(reply, headers, () => this.desk.observe(reply, look, this.faults.indexDelayMs));
  }

  statistics(name: string, version: string, reply: Reply<readonly ModelStatistics[]>): void {
    const look = unlessLeaving((process) => statistics(process, name, version));
    this.desk.observe(reply, look);
  }

  modelReady(name: string, version: string, reply: Reply<boolean>): void {
    const look = unlessLeaving((process) => modelReady(process, name, version));
    this.desk.observe(reply, look);
  }

  modelConfig(name: string, version: string, reply: Reply<ConfigJson>): void {
    this.desk.observe(reply, (process) => modelConfig(process, name, version));
  }

  modelMetadata(name: string, version: string, reply: Reply<ModelMetadata>): void {
    this.desk.observe(reply, (process) => modelMetadata(process, name, version));
  }

  serverLive(reply: Reply<boolean>): void {
    this.desk.observe(
      reply,
      unlessExiting(() => true),
    );
  }

  serverReady(reply: Reply<boolean>): void {
    this.desk.observe(reply, unlessExiting(isServerReady));
  }

  serverMetadata(reply: Reply<ServerMetadata>): void {
    this.desk.observe(reply, () => succeed(serverMetadata(this.id)));
  }

  /** Undefined while the metrics port does not answer. */
  metricsText(): string | undefined {
    return this.measured(metricsText);
  }

  /** The part of the metrics that Berth reads; undefined while their port does not answer. */
  gauges(): Gauges | undefined {
    return this.measured(gauges);
  }

  private measured<T>(read: (process: ProcessState) => T): T | undefined {
    const { process, phase } = this.life;
    if (process === undefined || phase === 'starting' || this.faults.metricsDown) return undefined;
    return ageOf(process) < process.options.metricsAfterMs ? undefined : read(process);
  }

  /** Executes the server anew, if it is down: nothing of an earlier life is left but the repository and the faults. */
  start(): void {
    this.life.start();
  }

  /** The process dies at once: every open call breaks, everything it held is free, and nothing answers until `start`. */
  kill(): void {
    this.life.end();
  }

  /** Makes something go wrong, or ends that. */
  inject(fault: Fault): void {
    switch (fault.kind) {
      case 'kill':
        return this.kill();
      case 'start':
        return this.start();
      case 'restart':
        this.kill();
        return void this.setup.timers.after(fault.downMs ?? 1000, () => this.start());
      case 'terminate':
        return this.life.terminate();
      case 'clear':
        return this.faults.clear();
      case 'deadModel':
        return this.life.killModel(fault.model);
      case 'deadInstance':
        return this.life.loseInstance(fault.model);
      case 'foreignMemory':
        return this.life.setForeign(fault.device, fault.bytes);
      default:
        this.faults.apply(fault);
    }
  }

  get phase(): ServerPhase {
    return this.life.phase;
  }

  /** Which life of the server this is: 1 for the first. */
  get incarnation(): number {
    return this.life.incarnation;
  }

  /** Whether a load has asked the present process, or the last one, for more memory than there was. */
  get peakExceeded(): boolean {
    return this.life.hasAskedTooMuch;
  }

  /** Whether an order is carried out that was read after its caller had given up. */
  get takesLate(): boolean {
    return this.faults.takesLate;
  }

  /** What is truly in use on a GPU, or of host memory. */
  memoryUsed(place: Place): number {
    return this.life.memoryUsed(place);
  }

  /** How much memory there is in a GPU, or on the host. */
  capacityOf(place: Place): number {
    if (place === 'host') return this.setup.hostMemoryBytes;
    return this.devices.find(({ ordinal }) => ordinal === place)?.memoryBytes ?? 0;
  }

  /** The ensembles of which a step was read anew while they were loaded, each with its steps. */
  unsettled(): readonly ReadonlySet<string>[] {
    return this.life.process?.known.unsettled() ?? [];
  }

  /** Every copy that exists, hidden ones and those whose memory is late included. */
  copies(): readonly CopyTruth[] {
    return this.life.process === undefined ? [] : copyTruths(this.life.process);
  }
}

function unlessLeaving<T>(look: (process: ProcessState) => Answer<T>): (process: ProcessState) => Answer<T> {
  return (process) => (process.isLeaving ? fail(says.serverNotReady()) : look(process));
}

function unlessExiting(look: (process: ProcessState) => boolean): (process: ProcessState) => Answer<boolean> {
  return (process) => (process.isLeaving ? fail(says.exiting()) : succeed(look(process)));
}
