import type { Timers } from '../agenda.js';
import { fail, says, succeed } from './answers.js';
import type { Answer, Reply, RpcError } from './answers.js';
import type { Copy, CopyHealth, CopyPhase } from './copy.js';
import type { SimulatedDevice } from './device-memory.js';
import { FaultSwitches } from './faults.js';
import type { Fault } from './faults.js';
import { infer } from './inference.js';
import type { InferCall, Inferred } from './inference.js';
import { leave } from './leaving.js';
import { loadModel } from './loading.js';
import { metricsText } from './metrics-text.js';
import {
  isServerReady,
  modelConfig,
  modelMetadata,
  modelReady,
  repositoryIndex,
  statistics,
} from './observations.js';
import type { IndexRow, ModelMetadata } from './observations.js';
import { orderLoad, orderUnload } from './orders.js';
import type { Nothing, OrderParameters } from './orders.js';
import { freshProcess, readyRows } from './process-state.js';
import type { ProcessState, SimulatedTritonOptions } from './process-state.js';
import { ModelRepository } from './repository.js';
import type { ConfigJson, Place, SimulatedModel } from './simulated-model.js';
import type { ModelStatistics } from './statistics.js';

/** What a simulated server is made of. */
export interface SimulatedTritonSetup {
  readonly id: string;
  readonly timers: Timers;
  /** None for a server without GPUs. */
  readonly devices: readonly SimulatedDevice[];
  readonly hostMemoryBytes: number;
  readonly models: readonly SimulatedModel[];
  readonly options?: Partial<SimulatedTritonOptions>;
  /** Told of every change of the phase, the exit code with `down` after a SIGTERM. */
  readonly onPhase?: (phase: ServerPhase, exitCode?: number) => void;
}

/** `starting` refuses connections until the startup models are loaded; `leaving` answers that it is. */
export type ServerPhase = 'down' | 'starting' | 'up' | 'leaving';

/** One copy as it truly is, whatever the index says. */
export interface CopyTruth {
  readonly id: number;
  readonly model: string;
  readonly version: number;
  readonly phase: CopyPhase;
  readonly health: CopyHealth;
  readonly inFlight: number;
  /** Whether the index has a row for this very copy; hidden ones hold memory that no call shows. */
  readonly isVisible: boolean;
  readonly holds: readonly { readonly place: Place; readonly bytes: number }[];
}

/** Who calls: the metadata that a restricted protocol asks for. */
export type Headers = Readonly<Record<string, string>>;

/** What ServerMetadata says. */
export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

const EXTENSIONS =
  `classification sequence model_repository model_repository(unload_dependents) schedule_policy model_configuration
  system_shared_memory cuda_shared_memory binary_tensor_data parameters statistics trace logging`.split(
    /\s+/,
  );

const DEFAULTS: Omit<SimulatedTritonOptions, 'wallClock'> = {
  controlMode: 'explicit',
  loadThreads: 4,
  strictReadiness: false,
  restriction: undefined,
  metricsIntervalMs: 2000,
  exitTimeoutMs: 30_000,
  startupModels: [],
  baselineBytes: 0,
  callMs: 0.4,
};

/**
 * A Triton server as it was seen to behave, on a clock that is handed in and without a wire: what is asked is answered by
 * calling back. It starts at once; `inject` makes things go wrong; the last few members tell what no client can see.
 */
export class SimulatedTriton {
  readonly id: string;
  readonly devices: readonly SimulatedDevice[];
  readonly repository: ModelRepository;
  readonly faults = new FaultSwitches();
  private readonly options: SimulatedTritonOptions;
  private readonly foreignBytes = new Map<number, number>();
  private readonly openCalls = new Set<() => void>();
  private process: ProcessState | undefined;
  private currentPhase: ServerPhase = 'down';
  private lives = 0;
  private copiesMade = 0;
  private askedTooMuch = false;

  constructor(private readonly setup: SimulatedTritonSetup) {
    this.id = setup.id;
    this.devices = setup.devices;
    this.repository = new ModelRepository(setup.models);
    this.options = { ...DEFAULTS, wallClock: () => 1_700_000_000_000 + setup.timers.now(), ...setup.options };
    this.start();
  }
  get phase(): ServerPhase {
    return this.currentPhase;
  }

  /** Which life of the server this is: 1 for the first. */
  get incarnation(): number {
    return this.lives;
  }

  /** Whether a load has ever asked for more memory than there was. */
  get peakExceeded(): boolean {
    return this.askedTooMuch;
  }

  load(name: string, parameters: OrderParameters, reply: Reply<Nothing>, headers: Headers = {}): void {
    this.order('load', reply, headers, (process, done) => orderLoad(process, name, parameters, done));
  }

  unload(name: string, parameters: OrderParameters, reply: Reply<Nothing>, headers: Headers = {}): void {
    this.order('unload', reply, headers, (process, done) => orderUnload(process, name, parameters, done));
  }

  infer(call: InferCall, reply: Reply<Inferred>): void {
    this.call(reply, (process, done) => infer(process, call, done));
  }

  index(
    { ready }: { readonly ready: boolean },
    reply: Reply<readonly IndexRow[]>,
    headers: Headers = {},
  ): void {
    const refusal = this.restriction(headers);
    const extraMs = this.faults.indexDelayMs;
    const look = (process: ProcessState): Answer<readonly IndexRow[]> =>
      succeed(repositoryIndex(process, ready));
    if (refusal === undefined) this.observe(reply, unlessLeaving(look), extraMs);
    else
      this.call(
        reply,
        (process, done) => void process.timers.after(this.options.callMs, () => done(fail(refusal))),
      );
  }

  statistics(name: string, version: string, reply: Reply<readonly ModelStatistics[]>): void {
    this.observe(
      reply,
      unlessLeaving((process) => statistics(process, name, version)),
    );
  }

  modelReady(name: string, version: string, reply: Reply<boolean>): void {
    this.observe(
      reply,
      unlessLeaving((process) => modelReady(process, name, version)),
    );
  }

  modelConfig(name: string, version: string, reply: Reply<ConfigJson>): void {
    this.observe(reply, (process) => modelConfig(process, name, version));
  }

  modelMetadata(name: string, version: string, reply: Reply<ModelMetadata>): void {
    this.observe(reply, (process) => modelMetadata(process, name, version));
  }

  serverLive(reply: Reply<boolean>): void {
    this.observe(reply, (process) => (process.isLeaving ? fail(says.exiting()) : succeed(true)));
  }

  serverReady(reply: Reply<boolean>): void {
    this.observe(reply, (process) =>
      process.isLeaving ? fail(says.exiting()) : succeed(isServerReady(process)),
    );
  }

  serverMetadata(reply: Reply<ServerMetadata>): void {
    this.observe(reply, () => succeed({ name: this.id, version: '2.51.0', extensions: EXTENSIONS }));
  }

  /** Undefined while the metrics port does not answer. */
  metricsText(): string | undefined {
    if (this.process === undefined || this.phase === 'starting' || this.faults.metricsDown) return undefined;
    return metricsText(this.process);
  }

  /** Executes the server anew, if it is down: nothing of an earlier life is left but the repository and the faults. */
  start(): void {
    if (this.process !== undefined) return;
    this.lives += 1;
    const process = this.freshProcess();
    this.process = process;
    for (const [ordinal, bytes] of this.foreignBytes) process.memory.set('foreign', ordinal, bytes);
    process.memory.reportNow();
    const names = this.startupModels();
    if (names.length === 0) return this.enter('up');
    this.enter('starting');
    let left = names.length;
    for (const name of names) {
      process.locks.acquire(new Set([name]), (release) =>
        loadModel(process, { name, isExplicit: true }, () => {
          release();
          left -= 1;
          if (left === 0) this.enter('up');
        }),
      );
    }
  }

  /** The process dies at once: every open call breaks, everything it held is free, and nothing answers until `start`. */
  kill(): void {
    this.end(undefined);
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
        return this.terminate();
      case 'clear':
        return this.faults.clear();
      case 'deadModel':
        return this.killModel(fault.model);
      case 'foreignMemory':
        return this.setForeign(fault.device, fault.bytes);
      default:
        this.faults.apply(fault);
    }
  }

  /** What is truly in use on a GPU, or of host memory. */
  memoryUsed(place: Place): number {
    if (this.process !== undefined) return this.process.memory.used(place);
    return place === 'host' ? 0 : (this.foreignBytes.get(place) ?? 0);
  }

  /** Every copy that exists, hidden ones and those whose memory is late included. */
  copies(): readonly CopyTruth[] {
    const process = this.process;
    return process === undefined ? [] : [...process.copies].map((copy) => copyTruth(process, copy));
  }

  private order(
    kind: 'load' | 'unload',
    reply: Reply<Nothing>,
    headers: Headers,
    work: (process: ProcessState, done: Reply<Nothing>) => void,
  ): void {
    this.call(reply, (process, done) => {
      const refusal = this.restriction(headers);
      if (refusal !== undefined)
        return void process.timers.after(this.options.callMs, () => done(fail(refusal)));
      const lost = this.faults.takeLostReply(kind);
      work(process, (answer) => {
        if (lost === undefined) done(answer);
        else if (lost === 'connectionError') done(fail(says.socketClosed()));
      });
    });
  }

  private observe<T>(reply: Reply<T>, look: (process: ProcessState) => Answer<T>, extraMs = 0): void {
    this.call(reply, (process, done) => {
      const costMs = this.options.callMs + this.faults.commonHandlerDelayMs + extraMs;
      process.handler.run(costMs, () => done(look(process)));
    });
  }

  private call<T>(reply: Reply<T>, work: (process: ProcessState, done: Reply<T>) => void): void {
    const process = this.process;
    if (process === undefined || this.phase === 'starting') {
      this.setup.timers.after(this.options.callMs, () => reply(fail(says.refused())));
      return;
    }
    const breakOff = (): void => reply(fail(says.socketClosed()));
    this.openCalls.add(breakOff);
    work(process, (answer) => {
      if (this.openCalls.delete(breakOff)) reply(answer);
    });
  }

  private restriction(headers: Headers): RpcError | undefined {
    const restriction = this.faults.restriction ?? this.options.restriction;
    if (restriction === undefined) return undefined;
    const { key, value } = restriction;
    return headers[`triton-grpc-protocol-${key}`] === value ? undefined : says.restricted(key);
  }

  private terminate(): void {
    const process = this.process;
    if (process === undefined || this.phase === 'leaving') return;
    this.enter('leaving');
    leave(process, (code) => this.end(code));
  }

  private end(exitCode: number | undefined): void {
    if (this.process === undefined) return;
    this.process.timers.die();
    this.process = undefined;
    const broken = [...this.openCalls];
    this.openCalls.clear();
    this.enter('down', exitCode);
    for (const breakOff of broken) this.setup.timers.after(0, breakOff);
  }

  private enter(phase: ServerPhase, exitCode?: number): void {
    this.currentPhase = phase;
    this.setup.onPhase?.(phase, exitCode);
  }

  private startupModels(): readonly string[] {
    const { controlMode, startupModels } = this.options;
    const isAll = controlMode !== 'explicit' || startupModels.includes('*');
    return isAll ? this.repository.names() : startupModels;
  }

  private killModel(name: string): void {
    const process = this.process;
    for (const { copy } of readyRows(process?.lives.get(name))) {
      copy?.die();
      if (copy !== undefined) process?.memory.free(copy.holder);
    }
  }

  private setForeign(ordinal: number, bytes: number): void {
    if (!this.devices.some((device) => device.ordinal === ordinal)) {
      throw new RangeError(`foreignMemory: server ${this.id} has no device ${ordinal}`);
    }
    this.foreignBytes.set(ordinal, bytes);
    this.process?.memory.set('foreign', ordinal, bytes);
  }

  private freshProcess(): ProcessState {
    const { timers, devices, hostMemoryBytes } = this.setup;
    const { options, repository, faults } = this;
    const onOutOfMemory = (): void => {
      this.askedTooMuch = true;
    };
    const crash = (): void => this.kill();
    const nextCopyId = (): number => ++this.copiesMade;
    return freshProcess({
      ...{ timers, options, devices, hostMemoryBytes, repository, faults },
      ...{ nextCopyId, onOutOfMemory, crash },
    });
  }
}

function unlessLeaving<T>(look: (process: ProcessState) => Answer<T>): (process: ProcessState) => Answer<T> {
  return (process) => (process.isLeaving ? fail(says.serverNotReady()) : look(process));
}

function copyTruth(process: ProcessState, copy: Copy): CopyTruth {
  const rows = [...(process.lives.get(copy.model)?.rows.values() ?? [])];
  return {
    id: copy.id,
    model: copy.model,
    version: copy.version,
    phase: copy.phase,
    health: copy.health,
    inFlight: copy.inFlight,
    isVisible: rows.some((row) => row.copy === copy),
    holds: process.memory.holdingsOf(copy.holder),
  };
}
