import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { realTimers, sampleModels, SimulatedTriton } from '#triton-simulator';
import type { ServerPhase, SimulatedModel, SimulatedTritonOptions } from '#triton-simulator';
import { ADMIN_BODY_BYTES, answerAdmin } from './admin.js';
import { Gate, parseAddress, parseAdminAddress } from './gate.js';
import { listenGrpc } from './grpc-wire.js';
import { answerHttp } from './http-api.js';
import { listenHttp } from './http-listen.js';
import type { HttpAnswer, HttpRequest } from './http-listen.js';

/** How a simulator process is started. Addresses are `host:port`, that of `admin` on loopback; port 0 takes any. */
export interface TritonSimOptions {
  readonly id: string;
  readonly grpc: string;
  readonly http: string;
  readonly metrics: string;
  readonly admin: string;
  /** 0 for a server without GPUs. */
  readonly gpus: number;
  readonly gpuMemoryMb: number;
  readonly hostMemoryMb: number;
  /** What a bare server holds on each GPU. */
  readonly baselineMb: number;
  readonly models: readonly SimulatedModel[];
  /** Loads and unloads are so many times faster than the models say. */
  readonly speed: number;
  /** Triton's own flags, and the small delays of a real server. */
  readonly triton: Partial<SimulatedTritonOptions>;
  /** Told when the server has left after a `terminate`, with the exit code of a Triton. */
  readonly onExit: (code: number) => void;
}

/** Where a running simulator listens. */
interface SimAddresses {
  readonly grpc: string;
  readonly http: string;
  readonly metrics: string;
  readonly admin: string;
}

/** A simulator that listens. */
export interface RunningSim {
  readonly addresses: SimAddresses;
  readonly sim: SimulatedTriton;
  close(): Promise<void>;
}

const DEFAULTS: TritonSimOptions = {
  id: 'triton-sim',
  grpc: '127.0.0.1:0',
  http: '127.0.0.1:0',
  metrics: '127.0.0.1:0',
  admin: '127.0.0.1:0',
  gpus: 2,
  gpuMemoryMb: 24_576,
  hostMemoryMb: 131_072,
  baselineMb: 400,
  models: sampleModels,
  speed: 1,
  triton: {},
  onExit: () => {},
};

const MB = 2 ** 20;
const HTTP_BODY_BYTES = 64 * MB;

/** Starts a simulated Triton on real time and real ports; resolves once it serves. */
export async function startTritonSim(given: Partial<TritonSimOptions> = {}): Promise<RunningSim> {
  const options = { ...DEFAULTS, ...given };
  const scaled = (model: SimulatedModel): SimulatedModel => scale(model, options.speed);
  const phases = new EventEmitter<{ phase: [ServerPhase, number | undefined] }>();
  const sim = createSim(options, scaled, (phase, exitCode) => void phases.emit('phase', phase, exitCode));
  const gates = createGates(sim, options);
  const [grpc, http, metrics] = gates;
  const openAll = async (): Promise<void> => {
    await grpc.open();
    await http.open();
    await sleep(options.triton.metricsAfterMs ?? 0, undefined, { ref: false });
    if (sim.phase === 'up') await metrics.open();
  };
  const shutAll = async (): Promise<void> => void (await Promise.all(gates.map((gate) => gate.shut())));
  const served = new Promise<void>((serves, fails) => {
    phases.on('phase', (phase, exitCode) => {
      if (phase === 'up') openAll().then(serves, fails);
      if (phase === 'leaving') http.refuse().catch(fails);
      if (phase === 'down') shutAll().then(() => exitCode !== undefined && options.onExit(exitCode), fails);
    });
  });
  if (sim.phase === 'up') phases.emit('phase', 'up', undefined);
  const admin = new Gate(parseAdminAddress('admin', options.admin), (address) =>
    listenHttp(address, ADMIN_BODY_BYTES, (request) => Promise.resolve(answerAdmin(sim, scaled, request))),
  );
  await admin.open();
  await served;
  const close = async (): Promise<void> => {
    sim.kill();
    await Promise.all([shutAll(), admin.shut()]);
  };
  return { addresses: addressesOf(gates, admin), sim, close };
}

function createSim(
  options: TritonSimOptions,
  scaled: (model: SimulatedModel) => SimulatedModel,
  onPhase: (phase: ServerPhase, exitCode?: number) => void,
): SimulatedTriton {
  const devices = Array.from({ length: options.gpus }, (_, ordinal) => ({
    ordinal,
    uuid: `GPU-${options.id}-${ordinal}`,
    memoryBytes: options.gpuMemoryMb * MB,
  }));
  return new SimulatedTriton({
    id: options.id,
    timers: realTimers(),
    devices,
    hostMemoryBytes: options.hostMemoryMb * MB,
    models: options.models.map(scaled),
    options: { wallClock: () => Date.now(), baselineBytes: options.baselineMb * MB, ...options.triton },
    onPhase,
  });
}

function createGates(sim: SimulatedTriton, options: TritonSimOptions): readonly [Gate, Gate, Gate] {
  const grpc = new Gate(parseAddress('grpc', options.grpc), (address) => listenGrpc(sim, address));
  const http = new Gate(parseAddress('http', options.http), (address) =>
    listenHttp(address, HTTP_BODY_BYTES, (request) => answerHttp(sim, request)),
  );
  const metrics = new Gate(parseAddress('metrics', options.metrics), (address) =>
    listenHttp(address, ADMIN_BODY_BYTES, (request) => Promise.resolve(answerMetrics(sim, request))),
  );
  return [grpc, http, metrics];
}

/** As Triton's metrics port does, any path but `/metrics` is answered with nothing. */
function answerMetrics(sim: SimulatedTriton, { path }: HttpRequest): HttpAnswer {
  const text = sim.metricsText();
  if (text === undefined) return 'drop';
  const isMetrics = path === '/metrics' || path === '/metrics/';
  return { status: 200, text: isMetrics ? text : '' };
}

function addressesOf([grpc, http, metrics]: readonly [Gate, Gate, Gate], admin: Gate): SimAddresses {
  return {
    grpc: grpc.name,
    http: `http://${http.name}`,
    metrics: `http://${metrics.name}/metrics`,
    admin: `http://${admin.name}`,
  };
}

function scale(model: SimulatedModel, speed: number): SimulatedModel {
  const faster = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / speed);
  const { loadMs, unloadMs } = { loadMs: faster(model.loadMs), unloadMs: faster(model.unloadMs) };
  return { ...model, ...(loadMs !== undefined && { loadMs }), ...(unloadMs !== undefined && { unloadMs }) };
}
