import { changeInstances, loadCopy, retireCopy } from './copy-loading.js';
import type { Copy } from './copy.js';
import { isVersionModified } from './file-times.js';
import type { KnownModel } from './known-models.js';
import { selectVersions } from './model-config.js';
import type { ServingConfig } from './model-config.js';
import { lifeOf, readyRows } from './process-state.js';
import type { ModelLife, ProcessState, VersionRow } from './process-state.js';
import { unloadRow } from './unloading.js';

/**
 * How the load of one version ended. A version that serves is loaded anew behind its row, which reads READY all along;
 * or, where only its instances change, it is changed in place.
 */
interface Ended {
  readonly version: number;
  readonly how: 'in place' | 'behind the row' | 'in the row';
  readonly row: VersionRow;
  readonly copy: Copy | undefined;
  readonly failed: string | undefined;
}

/** Loads the versions of a model that its policy selects, all or none. */
export function loadVersions(
  process: ProcessState,
  known: KnownModel,
  done: (problem?: string) => void,
): void {
  const life = lifeOf(process, known.name);
  const onDisk = known.isSent ? known.model.versions : process.repository.versionsNow(known.name);
  if (onDisk === undefined) return done(`failed to open directory of '${known.name}'`);
  const versions = selectVersions(known.config.policy, onDisk);
  if (versions.length === 0) {
    return done(`at least one version must be available under the version policy of model '${known.name}'`);
  }
  const all: Ended[] = [];
  for (const version of versions) {
    loadVersion(process, known, life, version, (ended) => {
      all.push(ended);
      if (all.length === versions.length) done(settle(process, known, life, all));
    });
  }
}

function loadVersion(
  process: ProcessState,
  known: KnownModel,
  life: ModelLife,
  version: number,
  done: (ended: Ended) => void,
): void {
  const { model, config } = known;
  const serving = life.rows.get(version);
  if (serving?.state === 'READY' && canChangeInPlace(known, serving)) {
    serving.reason = '';
    return changeInstances(process, model, serving.copy!, config, (outcome) => {
      const failed = 'copy' in outcome ? undefined : outcome.failed;
      if (failed === undefined)
        Object.assign(serving, { model, config: changedInPlace(serving.config, config) });
      else serving.reason = failed;
      done({ version, how: 'in place', row: serving, copy: undefined, failed });
    });
  }
  const isServing = serving?.state === 'READY';
  const row: VersionRow = { version, state: 'LOADING', reason: '', copy: undefined, model, config };
  if (!isServing) life.rows.set(version, row);
  loadCopy(process, model, version, config, (outcome) => {
    const how = isServing ? 'behind the row' : 'in the row';
    if ('copy' in outcome) {
      row.copy = outcome.copy;
      return done({ version, how, row, copy: outcome.copy, failed: undefined });
    }
    row.state = 'UNAVAILABLE';
    row.reason = outcome.failed;
    if (isServing) process.phantoms += 1;
    done({ version, how, row, copy: undefined, failed: outcome.failed });
  });
}

/** Only the instances change: the version policy that ModelConfig tells stays the one of the last full load. */
function changedInPlace({ json: old }: ServingConfig, config: ServingConfig): ServingConfig {
  const { instance_group: _groups, ...rest } = old;
  const { instance_group: groups } = config.json;
  return { ...config, json: { ...rest, ...(groups !== undefined && { instance_group: groups }) } };
}

function canChangeInPlace({ model, config, before, seen }: KnownModel, row: VersionRow): boolean {
  const isEnsemble = model.steps.length > 0;
  const isSame = row.config.fingerprint === config.fingerprint;
  return !isEnsemble && isSame && !isVersionModified(before, seen, row.version);
}

/** Either all versions have come up, and others leave; or one has not, and those that came up with it leave again. */
function settle(
  process: ProcessState,
  known: KnownModel,
  life: ModelLife,
  all: readonly Ended[],
): string | undefined {
  const failures = all.flatMap(({ version, how, failed }) => {
    const state = how === 'in place' ? 'READY' : 'UNAVAILABLE';
    return failed === undefined ? [] : [`version ${version} is at ${state} state: ${failed};`];
  });
  if (failures.length > 0) {
    for (const ended of all) abandon(process, known, ended);
    return failures.join('');
  }
  const kept = all.filter(({ how }) => how === 'in place').map(({ row }) => row);
  const old = readyRows(life).filter((row) => !kept.includes(row));
  for (const row of old) unloadRow(process, row);
  for (const { row, version, how } of all) {
    row.state = 'READY';
    if (how === 'behind the row') life.rows.set(version, row);
  }
  return undefined;
}

function abandon(process: ProcessState, { model }: KnownModel, { how, row, copy }: Ended): void {
  if (how === 'in the row') unloadRow(process, row);
  else if (copy !== undefined) retireCopy(process, model, copy, () => {});
}
