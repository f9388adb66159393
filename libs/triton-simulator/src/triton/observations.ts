import { fail, says, succeed } from './answers.js';
import type { Answer } from './answers.js';
import type { FailingCall } from './faults.js';
import { findServing, parseVersion } from './inference.js';
import { decidedGroups } from './instances.js';
import { readyRows } from './process-state.js';
import type { ModelLife, ProcessState } from './process-state.js';
import type { ConfigJson } from './simulated-model.js';
import type { ModelStatistics } from './statistics.js';

/** One row of the repository index. A model that was never touched has only its name. */
export interface IndexRow {
  readonly name: string;
  readonly version: string;
  readonly state: '' | 'LOADING' | 'READY' | 'UNLOADING' | 'UNAVAILABLE';
  readonly reason: string;
}

/** What a serving model says of itself. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** One input or output of a model. */
interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

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

/** What a server says of itself. */
export function serverMetadata(id: string): ServerMetadata {
  return { name: id, version: '2.51.0', extensions: EXTENSIONS };
}

/** The repository index: the directories on disk now, joined with what the process remembers of their names. */
export function repositoryIndex(process: ProcessState, readyOnly: boolean): Answer<readonly IndexRow[]> {
  if (failsForOnce(process, 'index')) return fail(says.statFailed('/models/deleted'));
  const rows = process.repository.names().flatMap((name) => rowsOf(process, name));
  return succeed(readyOnly ? rows.filter(({ state }) => state === 'READY') : rows);
}

/** Whether the server calls itself ready, which strict readiness makes depend on every model. */
export function isServerReady(process: ProcessState): boolean {
  if (!process.options.strictReadiness) return true;
  const rows = [...process.lives.values()].flatMap(({ rows: versions }) => [...versions.values()]);
  return rows.every(
    ({ state, reason }) => state === 'READY' || (state === 'UNAVAILABLE' && reason === 'unloaded'),
  );
}

/** Whether a model serves; only a version that is no number is an error. */
export function modelReady(process: ProcessState, name: string, version: string): Answer<boolean> {
  const found = findServing(process, name, version);
  if (!('code' in found)) return succeed(true);
  return found.code === 'INVALID_ARGUMENT' ? fail(found) : succeed(false);
}

/** The configuration of a serving model, as completed by the server. */
export function modelConfig(process: ProcessState, name: string, version: string): Answer<ConfigJson> {
  const found = findServing(process, name, version);
  if ('code' in found) return fail(found);
  const { model, config } = found.row;
  const groups = decidedGroups(model, config, process.devices);
  return succeed({ ...config.json, ...(groups.length > 0 && { instance_group: groups }) });
}

/** The versions, inputs and outputs of a serving model. */
export function modelMetadata(process: ProcessState, name: string, version: string): Answer<ModelMetadata> {
  const found = findServing(process, name, version);
  if ('code' in found) return fail(found);
  const config = found.row.config.json;
  const isBatched = Number(config['max_batch_size'] ?? 0) >= 1;
  return succeed({
    name,
    versions: readyRows(found.life).map((row) => String(row.version)),
    platform: textOf(config['platform']) ?? textOf(config['backend']) ?? found.row.model.backend,
    inputs: tensors(config['input'], isBatched),
    outputs: tensors(config['output'], isBatched),
  });
}

/** The statistics of one model or, for the empty name, of all that serve. */
export function statistics(
  process: ProcessState,
  name: string,
  version: string,
): Answer<readonly ModelStatistics[]> {
  if (name === '') return allStatistics(process);
  const number = parseVersion(version);
  if (typeof number === 'object') return fail(number);
  const rows = countersOf(process.lives.get(name));
  if (rows.length === 0) return fail(says.noStatistics(name));
  if (number === undefined) return succeed(rows);
  const wanted = rows.filter((row) => row.version === String(number));
  return wanted.length === 0 ? fail(says.noStatisticsVersion(name)) : succeed(wanted);
}

/** A model that leaves between the list of what is ready and its turn in it fails the whole call; only sometimes, so by a fault. */
function allStatistics(process: ProcessState): Answer<readonly ModelStatistics[]> {
  const lives = [...process.lives.values()].sort(byName);
  for (const { name, rows } of lives) {
    const leaving = [...rows.values()].find(({ state }) => state === 'UNLOADING');
    if (leaving !== undefined && failsForOnce(process, 'statistics'))
      return fail(says.notReady(name, String(leaving.version)));
  }
  return succeed(lives.flatMap((life) => countersOf(life)));
}

function failsForOnce(process: ProcessState, call: FailingCall): boolean {
  const fails = process.faults.takeFailure(call);
  if (fails) process.onUntold({ kind: 'call fails', call });
  return fails;
}

function rowsOf(process: ProcessState, name: string): readonly IndexRow[] {
  if (process.repository.isDuplicated(name)) {
    return [{ name, version: '', state: 'UNAVAILABLE', reason: 'model appears in two or more repositories' }];
  }
  const life = process.lives.get(name);
  if (life === undefined) return [{ name, version: '', state: '', reason: '' }];
  const rows = [...life.rows.values()].sort((one, other) => one.version - other.version);
  return rows.map(({ version, state, reason }) => ({ name, version: String(version), state, reason }));
}

function countersOf(life: ModelLife | undefined): readonly ModelStatistics[] {
  if (life === undefined) return [];
  return readyRows(life).flatMap(({ copy, version }) => copy?.counters.row(life.name, String(version)) ?? []);
}

function tensors(declared: unknown, isBatched: boolean): readonly TensorMetadata[] {
  if (!Array.isArray(declared)) return [];
  return declared.map(
    (tensor: { name?: string; data_type?: string; dims?: readonly (number | string)[] }) => {
      const datatype = (tensor.data_type ?? 'TYPE_FP32').replace('TYPE_', '');
      const shape = (tensor.dims ?? []).map(Number);
      return {
        name: tensor.name ?? '',
        datatype: datatype === 'STRING' ? 'BYTES' : datatype,
        shape: isBatched ? [-1, ...shape] : shape,
      };
    },
  );
}

function byName(one: ModelLife, other: ModelLife): number {
  return one.name < other.name ? -1 : 1;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
