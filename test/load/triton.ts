import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KnownTriton } from './berth.js';
import { startChild } from './children.js';
import type { Fault, SimulatedModel } from '#triton-simulator';
import { scratchPath } from './scratch.js';
import {
  aRealModel,
  EVENTS_VARIABLE,
  installedRealTriton,
  launchTriton,
  sparePorts,
  writeModel,
} from './tools.js';

const STOP_MS = 15_000;
const LOAD_MS = 500;
const ANY_PORT = '127.0.0.1:0';

/** A Triton to measure with. */
export interface RunningTriton extends KnownTriton {
  readonly kind: string;
  /** How often a copy of the model began to initialise, by what the server itself wrote down. */
  initialisations(model: string): Promise<number>;
  end(): Promise<void>;
}

/** The real one where it is installed, else the simulated one. */
export async function startTriton(models: readonly string[]): Promise<RunningTriton> {
  const found = installedRealTriton();
  return found.ok ? startRealTriton(found, models) : startSimulatedTriton(models);
}

type Layout = Extract<ReturnType<typeof installedRealTriton>, { ok: true }>;

async function startRealTriton(layout: Layout, models: readonly string[]): Promise<RunningTriton> {
  const folder = scratchPath();
  const [events, repository] = [join(folder, 'events'), join(folder, 'models')];
  for (const path of [events, repository]) await mkdir(path, { recursive: true });
  for (const name of models) {
    await writeModel(repository, aRealModel({ name, loadSeconds: LOAD_MS / 1_000, stablePyc: true }));
  }
  const [http = 0, grpc = 0, metrics = 0] = await sparePorts(3);
  const { pid, exited } = await launchTriton(layout, {
    ...{ id: 'berth-bench', repository, ports: { http, grpc, metrics } },
    sharedMemoryPrefix: `berth-bench-${process.pid}_`,
    env: { [EVENTS_VARIABLE]: events },
    logFile: join(folder, 'log'),
  });
  return {
    ...{ kind: `tritonserver ${layout.version}`, grpc: `127.0.0.1:${grpc}` },
    ...{ http: `http://127.0.0.1:${http}`, metrics: `http://127.0.0.1:${metrics}/metrics` },
    initialisations: async (model) => {
      const log = await readFile(join(events, `${model}.log`), 'utf8');
      return log.split('\n').filter((line) => line.startsWith('initialize ')).length;
    },
    end: async () => {
      process.kill(pid, 'SIGTERM');
      const isGone = await Promise.race([exited, sleep(STOP_MS, undefined, { ref: false })]);
      if (!isGone) process.kill(pid, 'SIGKILL');
    },
  };
}

/** Its models load in the same time. */
export const startSimulatedTriton = (models: readonly string[]): Promise<SimulatedServer> =>
  startSimulated(models.map((name) => ({ name, gpuBytes: 2 ** 28, loadMs: LOAD_MS, unloadMs: 200 })));

/** A simulated Triton, of which more can be told. */
export interface SimulatedServer extends RunningTriton {
  /** How many loads of a copy it has begun so far. */
  copiesMade(): Promise<number>;
  /** Has another process take so much of a GPU, or as much as is free. */
  takeForeign(device: number, bytes: number): Promise<void>;
}

interface State {
  readonly copies: readonly { readonly id: number; readonly model: string }[];
  readonly memory: {
    readonly devices: readonly { readonly memoryBytes: number; readonly usedBytes: number }[];
  };
}

/** With these models and flags: `gpus` is `--gpus`. */
export async function startSimulated(
  models: readonly SimulatedModel[],
  flags: Readonly<Record<string, string | number>> = {},
): Promise<SimulatedServer> {
  const file = scratchPath();
  await writeFile(file, JSON.stringify(models));
  const ports = { grpc: ANY_PORT, http: ANY_PORT, metrics: ANY_PORT, admin: ANY_PORT };
  const args = Object.entries({ ...ports, models: file, ...flags }).flatMap(([flag, value]) => [
    `--${flag}`,
    String(value),
  ]);
  const child = await startChild('apps/triton-sim/src/main.js', { args });
  const { grpc, http, metrics, admin } = JSON.parse(child.line) as KnownTriton & { readonly admin: string };
  const state = async (): Promise<State> => (await (await fetch(`${admin}/state`)).json()) as State;
  return {
    ...{ kind: 'triton-sim', grpc, http, metrics },
    initialisations: async (model) => (await state()).copies.filter((copy) => copy.model === model).length,
    copiesMade: async () => Math.max(0, ...(await state()).copies.map(({ id }) => id)),
    takeForeign: async (device, wanted) => {
      const { memoryBytes = 0, usedBytes = 0 } = (await state()).memory.devices[device] ?? {};
      const bytes = Math.max(0, Math.min(wanted, memoryBytes - usedBytes));
      const fault = { kind: 'foreignMemory', device, bytes } satisfies Fault;
      const answer = await fetch(`${admin}/faults`, { method: 'POST', body: JSON.stringify(fault) });
      if (!answer.ok) throw new Error(`the admin port answered ${answer.status}`);
    },
    end: () => child.end(),
  };
}
