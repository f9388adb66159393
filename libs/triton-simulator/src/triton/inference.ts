import { fail, says, succeed } from './answers.js';
import type { Answer, RpcError } from './answers.js';
import type { Copy } from './copy.js';
import { readyRows } from './process-state.js';
import type { ModelLife, ProcessState, VersionRow } from './process-state.js';

/** Which inference is asked for. */
export interface InferCall {
  readonly model: string;
  /** Empty for the highest version that serves. */
  readonly version?: string;
  /** The names of the inputs that came; left out, they are taken for right. */
  readonly inputs?: readonly string[];
  /** How many inferences it is; default 1. A model that takes no batches takes all of them for one. */
  readonly batchSize?: number;
}

/** Which copy answered. */
export interface Inferred {
  readonly model: string;
  readonly version: string;
}

/** The served version that a call of any kind means. */
export interface Serving {
  readonly life: ModelLife;
  readonly row: VersionRow;
  readonly copy: Copy;
}

/** Finds the served version that a call means, or the words with which Triton refuses it. */
export function findServing(process: ProcessState, name: string, version: string): Serving | RpcError {
  const number = parseVersion(version);
  if (typeof number === 'object') return number;
  const life = process.lives.get(name);
  if (life === undefined) return says.notFound(name);
  const ready = process.isLeaving ? [] : readyRows(life);
  if (number === undefined) {
    const row = ready.at(-1);
    return row?.copy === undefined ? says.noVersions(name) : { life, row, copy: row.copy };
  }
  if (!life.rows.has(number)) return says.versionNotFound(name, version);
  const row = ready.find((one) => one.version === number);
  return row?.copy === undefined ? says.notReady(name, version) : { life, row, copy: row.copy };
}

/** Undefined for the empty version, which leaves the choice to the server. */
export function parseVersion(version: string): number | undefined | RpcError {
  if (version === '') return undefined;
  if (/^-\d+$/.test(version)) return says.versionNegative(version);
  return /^\d+$/.test(version) ? Number(version) : says.versionNotANumber(version);
}

/** Runs one inference, through every step when it is for an ensemble. */
export function infer(
  process: ProcessState,
  call: InferCall,
  done: (answer: Answer<Inferred>) => void,
): void {
  const found = findServing(process, call.model, call.version ?? '');
  if ('code' in found) return done(fail(found));
  const refusal = refuseInputs(found.row, call) ?? refuseBatch(found.row, call);
  if (refusal !== undefined) return done(fail(refusal));
  const chain = stepsOf(process, found.row);
  if (chain === undefined) return done(fail(says.noVersions(call.model)));
  const copies = [...chain, found.copy];
  const releases = copies.map((copy) => copy.retain());
  const batchSize = largestBatch(found.row) > 0 ? (call.batchSize ?? 1) : 1;
  runChain(process, copies, batchSize, (error) => {
    for (const release of releases) release();
    const version = String(found.row.version);
    done(error === undefined ? succeed({ model: call.model, version }) : fail(error));
  });
}

/** A configuration that declares no input takes none. */
function refuseInputs({ config }: VersionRow, { model, inputs: got }: InferCall): RpcError | undefined {
  if (got === undefined) return undefined;
  const input = config.json['input'];
  const declared: readonly { name?: string; optional?: boolean }[] = Array.isArray(input) ? input : [];
  const expected = declared.filter(({ optional }) => optional !== true).map(({ name }) => String(name));
  const isComplete = expected.every((name) => got.includes(name)) && got.length <= declared.length;
  return isComplete ? undefined : says.missingInputs(model, expected, got);
}

function refuseBatch(row: VersionRow, { model, batchSize = 1 }: InferCall): RpcError | undefined {
  const largest = largestBatch(row);
  return largest === 0 || batchSize <= largest ? undefined : says.batchTooLarge(model, largest);
}

/** 0 for a model that takes no batches. */
const largestBatch = ({ config }: VersionRow): number => Number(config.json['max_batch_size'] ?? 0);

/** An ensemble's inference holds every copy it will need, so that an unload cannot break it half way. */
function stepsOf(process: ProcessState, { config }: VersionRow): readonly Copy[] | undefined {
  const chain: Copy[] = [];
  for (const step of config.steps) {
    const serving = findServing(process, step, '');
    if ('code' in serving) return undefined;
    const nested = stepsOf(process, serving.row);
    if (nested === undefined) return undefined;
    chain.push(...nested, serving.copy);
  }
  return chain;
}

function runChain(
  process: ProcessState,
  copies: readonly Copy[],
  batchSize: number,
  done: (error?: RpcError) => void,
): void {
  const [copy, ...rest] = copies;
  if (copy === undefined) return done();
  copy.infer(batchSize, (ok) => {
    if (ok) return runChain(process, rest, batchSize, done);
    process.series.failed(copy);
    done(says.unhealthyStub(copy.instances[0]?.name ?? `${copy.model}_0_0`));
  });
}
