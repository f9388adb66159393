import { afterAll, beforeAll, describe } from '@jest/globals';
import type { ContactFact, Look, ModelId, ServerId } from '#core';
import { OrderRefused, OrderUnsent } from '#engine';
import { type TritonOptions, TritonServer } from '#triton';
import { PATIENCE_MS, until } from '../support/until.js';
import { connect, type Ended, inference, type Message } from './wire.js';

/** A model of the contract: it takes a number and the times it is told to, and is on the CPU. */
export interface ContractModel {
  readonly name: string;
  readonly loadMs?: number;
  readonly inferMs?: number;
  /** 0: its config says nothing of instances. */
  readonly instances?: number;
  /** What its initialize ends with. */
  readonly fails?: 'memory' | 'exception';
  readonly lacks?: 'version' | 'file';
  readonly versions?: readonly number[];
  /** All its versions are to be served, not only the newest. */
  readonly servesAll?: boolean;
  /** Its config has this name and not its own. */
  readonly says?: string;
  /** A parameter of its config that changes nothing but the config. */
  readonly tag?: string;
  /** Python may write its byte code beside it, which makes the next load a full one. */
  readonly writesByteCode?: boolean;
  /** It is an ensemble of these. */
  readonly steps?: readonly string[];
}

export interface StageOptions {
  readonly models: readonly ContractModel[];
  readonly controlMode?: 'explicit' | 'none';
  /** The server completes configs, as it does by itself; a load takes ten times as long then. */
  readonly autoComplete?: boolean;
  readonly restriction?: { readonly key: string; readonly value: string };
}

/** A Triton, simulated or real, and the hands to do to it what no client can. */
export interface Stage {
  readonly grpc: string;
  readonly http: string;
  readonly metrics: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again, on the same ports. */
  start(): Promise<void>;
  /** Asks it to leave; resolves once it has. */
  terminate(): Promise<void>;
  touchFiles(model: string): Promise<void>;
  /** Writes the files of one version, which may be a new one; `breaks` has them raise at every load. */
  writeVersion(model: string, version: number, breaks: boolean): Promise<void>;
  /** Writes the config, and nothing else. */
  writeConfig(model: ContractModel): Promise<void>;
  removeDirectory(model: string): Promise<void>;
  restoreDirectory(model: string): Promise<void>;
  /** Puts a model of the same name into a second repository. */
  duplicate(model: string): Promise<void>;
  /** Kills what executes the model, and not the server. */
  crashModel(model: string): void;
  /** Whether an inference of the model is being executed. */
  isExecuting(model: string): boolean;
  /** Resolves once the process that runs now has ended. */
  ended(): Promise<void>;
  close(): Promise<void>;
}

export type MakeStage = (options: StageOptions) => Promise<Stage>;

/** The adapter, connected to a stage. */
export interface Visitor {
  readonly server: TritonServer;
  /** What its connection has told so far. */
  readonly facts: readonly ContactFact[];
}

/** What the tests of one group work with. */
export type Setting = () => Visitor & { readonly stage: Stage };

/** A group of tests that share one stage. */
export function onOneStage(
  title: string,
  makeStage: MakeStage,
  models: readonly ContractModel[],
  groups: readonly ((setting: Setting) => void)[],
): void {
  describe(title, () => {
    let stage: Stage;
    let visitor: Visitor;

    beforeAll(async () => {
      stage = await makeStage({ models });
      visitor = await visit(stage);
    });
    afterAll(async () => {
      leaveAll();
      await stage?.close();
    });

    for (const group of groups) group(() => ({ stage, ...visitor }));
  });
}

const visitors: TritonServer[] = [];

/** Connects the adapter to a stage; the test need not close it. */
export async function visit(stage: Stage, options: Partial<TritonOptions> = {}): Promise<Visitor> {
  const server = new TritonServer({
    id: 't0' as ServerId,
    grpc: stage.grpc,
    metrics: stage.metrics,
    headers: {},
    tls: null,
    clock: { now: () => performance.now() },
    ...options,
  });
  visitors.push(server);
  const facts: ContactFact[] = [];
  server.watch((fact) => void facts.push(fact));
  await until(() => facts.includes('connected'));
  return { server, facts };
}

/** Closes all that was opened by `visit`. */
export function leaveAll(): void {
  for (const server of visitors.splice(0)) server.close();
}

export const named = (name: string): ModelId => name as ModelId;

/** Long enough for every load that is meant to end. */
export const PATIENTLY = PATIENCE_MS;

/**
 * What one look says of one model: statistics say what serves, the index what comes and goes. `unlisted` is a model
 * that does not serve and has no row that would prove it gone.
 */
export interface Seen {
  readonly is: 'coming' | 'serving' | 'leaving' | 'absent' | 'unlisted';
  /** Version, state and reason of its rows in the index. */
  readonly rows: readonly (readonly [version: string, state: string, reason: string])[];
  readonly serving: Look['serving'];
}

export async function see(server: TritonServer, model: string): Promise<Seen> {
  const look = await server.look('full', false);
  const found = (look.index ?? []).filter((row) => row.model === model);
  const rows = found.map(({ version, state, reason }) => [version, state, reason] as const);
  const serving = look.serving.filter((row) => row.model === model);
  return { is: summaryOf(rows, serving), rows, serving };
}

function summaryOf(rows: Seen['rows'], serving: Seen['serving']): Seen['is'] {
  const has = (wanted: string) => rows.some(([, state]) => state === wanted);
  if (has('LOADING')) return 'coming';
  if (serving.length > 0) return 'serving';
  if (has('UNLOADING')) return 'leaving';
  const isDuplicate = rows.some(([, , reason]) => reason.includes('two or more repositories'));
  return rows.length === 0 || isDuplicate ? 'unlisted' : 'absent';
}

/** Looks until the model is seen like that, and returns what was seen then. */
export function untilSeen(server: TritonServer, model: string, is: Seen['is']): Promise<Seen> {
  return until(async () => {
    const seen = await see(server, model);
    return seen.is === is ? seen : undefined;
  });
}

export async function untilExecuting(stage: Stage, model: string): Promise<void> {
  await until(() => stage.isExecuting(model));
}

/** How an order ended, in one word. */
export async function endOf(order: Promise<unknown>): Promise<string> {
  try {
    await order;
    return 'done';
  } catch (error) {
    if (error instanceof OrderUnsent) return 'unsent';
    return error instanceof OrderRefused ? error.failure : 'unknown';
  }
}

/** Asks a model for one inference; rejects where it is refused. */
export async function infer(stage: Stage, model: string, request = inference(model)): Promise<void> {
  const answer = await ask(stage, 'ModelInfer', request);
  if (!('value' in answer)) throw new Error(answer.text);
}

/** Like `infer`, and resolves once the inference is counted: a server answers a moment before it counts. */
export async function inferCounted(stage: Stage, model: string, request = inference(model)): Promise<void> {
  const before = await executionsOf(stage, model);
  await infer(stage, model, request);
  await until(async () => (await executionsOf(stage, model)) > before);
}

/** The executions of all versions: a batch counts its successes first, and its execution last. */
async function executionsOf(stage: Stage, model: string): Promise<number> {
  const rows = await statisticsOf(stage, model);
  return rows.reduce((sum, row) => sum + Number(row['execution_count']), 0);
}

/** The statistics of a model, a row for each version. */
export async function statisticsOf(stage: Stage, name: string): Promise<readonly Message[]> {
  const answer = await ask(stage, 'ModelStatistics', { name });
  return 'value' in answer ? (answer.value['model_stats'] as readonly Message[]) : [];
}

/** Asks as a client does that knows nothing of the adapter. */
export async function ask(stage: Stage, method: string, request: Message): Promise<Ended> {
  const wire = connect(stage.grpc);
  try {
    return await wire.call(method, request);
  } finally {
    wire.close();
  }
}

/** Loads a model with a config, as it is on the wire. */
export function loadWith(stage: Stage, name: string, config: object): Promise<Ended> {
  const parameters = { config: { string_param: JSON.stringify(config) } };
  return ask(stage, 'RepositoryModelLoad', { model_name: name, parameters });
}
