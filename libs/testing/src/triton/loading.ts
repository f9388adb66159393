import { changeInstances, loadCopy, retireCopy } from './copy-loading.js';
import type { CopyOutcome } from './copy-loading.js';
import { parseOverride, selectVersions, servingConfig } from './model-config.js';
import type { ServingConfig } from './model-config.js';
import { lifeOf, readyRows } from './process-state.js';
import type { ModelLife, ProcessState, VersionRow } from './process-state.js';
import type { Directory } from './repository.js';
import { unloadRow } from './unloading.js';

/** Why a load failed: the directory could not be read, or what Triton says of the versions. */
export type LoadProblem = { readonly kind: 'poll' } | { readonly kind: 'failed'; readonly detail: string };

/** One model to be loaded. */
export interface LoadOrder {
  readonly name: string;
  /** The `config` parameter. */
  readonly override?: string | undefined;
  /** The model as `file:` parameters brought it, in place of the one on disk. */
  readonly files?: Directory | undefined;
  readonly isExplicit: boolean;
}

/** What a load is about to bring up. */
interface Target {
  readonly life: ModelLife;
  readonly directory: Directory;
  readonly config: ServingConfig;
}

interface VersionOutcome {
  readonly row: VersionRow;
  readonly isNew: boolean;
  readonly failed: string | undefined;
}

/** Loads one model and, for an ensemble, its steps first; the caller holds the locks. */
export function loadModel(
  process: ProcessState,
  order: LoadOrder,
  done: (problem?: LoadProblem) => void,
): void {
  const directory = order.files ?? process.repository.poll(order.name);
  if (directory === undefined) return done({ kind: 'poll' });
  const known = process.lives.get(order.name);
  const isUnmodified = known?.served !== undefined && known.served.seenAt >= directory.changedAt;
  if (order.override === undefined && isUnmodified) {
    known.isExplicit ||= order.isExplicit;
    return done();
  }
  const config =
    order.override === undefined
      ? servingConfig(order.name, directory.model.config)
      : parseOverride(order.name, order.override);
  if (config === undefined) return done({ kind: 'poll' });
  loadSteps(process, directory, (problem) => {
    if (problem !== undefined) return done(problem);
    const life = lifeOf(process, directory.model);
    life.isExplicit ||= order.isExplicit;
    loadVersions(process, { life, directory, config }, done);
  });
}

function loadSteps(process: ProcessState, { model }: Directory, done: (problem?: LoadProblem) => void): void {
  if (model.steps.length === 0) return done();
  const problems = new Map<string, LoadProblem | undefined>();
  const present = model.steps.filter((step) => process.repository.poll(step) !== undefined);
  const finish = (): void => done(stepProblem(process, model.name, model.steps, present, problems));
  if (present.length === 0) return finish();
  for (const name of present) {
    loadModel(process, { name, isExplicit: false }, (problem) => {
      problems.set(name, problem);
      if (problems.size === present.length) finish();
    });
  }
}

function stepProblem(
  process: ProcessState,
  ensemble: string,
  steps: readonly string[],
  present: readonly string[],
  problems: ReadonlyMap<string, LoadProblem | undefined>,
): LoadProblem | undefined {
  const missing = steps.filter((step) => !present.includes(step));
  if (missing.length > 0) {
    const detail = `ensemble ${ensemble} contains models that are not available or ambiguous: ${missing.join(', ')}`;
    return { kind: 'failed', detail };
  }
  const broken = steps.find((step) => readyRows(process.lives.get(step)).length === 0);
  if (broken === undefined) return undefined;
  const problem = problems.get(broken);
  const cause = problem?.kind === 'failed' ? problem.detail : 'failed to poll from model repository';
  const lost = `ensemble '${ensemble}' depends on '${broken}' which has no loaded version.`;
  return { kind: 'failed', detail: `${lost} Model '${broken}' loading failed with error: ${cause}` };
}

function loadVersions(process: ProcessState, target: Target, done: (problem?: LoadProblem) => void): void {
  const { life, directory, config } = target;
  const versions = selectVersions(config.policy, directory.model.versions);
  if (versions.length === 0) {
    const detail = `at least one version must be available under the version policy of model '${life.name}'`;
    return done({ kind: 'failed', detail });
  }
  const outcomes: VersionOutcome[] = [];
  for (const version of versions) {
    loadVersion(process, target, version, (outcome) => {
      outcomes.push(outcome);
      if (outcomes.length === versions.length) done(settle(process, target, outcomes));
    });
  }
}

/** Either all versions have come up, and others leave; or one has not, and those that came up with it leave again. */
function settle(
  process: ProcessState,
  target: Target,
  outcomes: readonly VersionOutcome[],
): LoadProblem | undefined {
  const { life, directory, config } = target;
  const failures = outcomes.flatMap(({ failed }) => failed ?? []);
  if (failures.length > 0) {
    for (const { row, isNew } of outcomes) if (isNew) unloadRow(process, life, row);
    if (readyRows(life).length === 0) life.served = undefined;
    return { kind: 'failed', detail: failures.join('') };
  }
  life.model = directory.model;
  life.awaitsStep = false;
  life.served = { config, seenAt: directory.changedAt };
  const wanted = outcomes.map(({ row }) => row);
  for (const row of readyRows(life)) if (!wanted.includes(row)) unloadRow(process, life, row);
  return undefined;
}

function loadVersion(
  process: ProcessState,
  target: Target,
  version: number,
  done: (outcome: VersionOutcome) => void,
): void {
  const { life, directory, config } = target;
  const row = rowOf(life, version);
  const canChangeInPlace =
    row.state === 'READY' &&
    row.filesSeenAt === directory.filesChangedAt &&
    life.served?.config.fingerprint === config.fingerprint;
  if (canChangeInPlace) {
    changeInstances(process, directory.model, row.copy!, config, (outcome) =>
      done(changed(process, row, outcome)),
    );
    return;
  }
  const wasReady = row.state === 'READY';
  if (!wasReady) {
    row.state = 'LOADING';
    row.reason = '';
    row.copy = undefined;
  }
  loadCopy(process, directory.model, version, config, (outcome) => {
    done(
      'copy' in outcome ? cameUp(process, target, row, outcome) : stayedAway(process, row, outcome, wasReady),
    );
  });
}

function rowOf(life: ModelLife, version: number): VersionRow {
  const row = life.rows.get(version) ?? {
    version,
    state: 'UNAVAILABLE' as const,
    reason: '',
    copy: undefined,
    filesSeenAt: -1,
  };
  life.rows.set(version, row);
  return row;
}

function changed(process: ProcessState, row: VersionRow, outcome: CopyOutcome): VersionOutcome {
  if ('copy' in outcome) {
    row.reason = '';
    return { row, isNew: false, failed: undefined };
  }
  if (outcome.leavesPhantom) process.phantoms += 1;
  else row.reason = outcome.failed;
  const state = outcome.leavesPhantom ? 'UNAVAILABLE' : 'READY';
  return { row, isNew: false, failed: `version ${row.version} is at ${state} state: ${outcome.failed};` };
}

/** The old copy of a reload is taken down only now, behind a row that never stopped reading READY. */
function cameUp(
  process: ProcessState,
  { life, directory }: Target,
  row: VersionRow,
  { copy }: Extract<CopyOutcome, { copy: unknown }>,
): VersionOutcome {
  const old = row.copy;
  if (old !== undefined) retireCopy(process, life.model, old, () => {});
  row.state = 'READY';
  row.reason = '';
  row.copy = copy;
  row.filesSeenAt = directory.filesChangedAt;
  return { row, isNew: old === undefined, failed: undefined };
}

function stayedAway(
  process: ProcessState,
  row: VersionRow,
  { failed }: Extract<CopyOutcome, { failed: unknown }>,
  wasReady: boolean,
): VersionOutcome {
  if (wasReady) {
    process.phantoms += 1;
  } else {
    row.state = 'UNAVAILABLE';
    row.reason = failed;
  }
  return { row, isNew: false, failed: `version ${row.version} is at UNAVAILABLE state: ${failed};` };
}
