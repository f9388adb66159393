import { retireCopy } from './copy-loading.js';
import { readyRows } from './process-state.js';
import type { ModelLife, ProcessState, VersionRow } from './process-state.js';

/** Takes a served version away: no new inference reaches it, and its row reads `unloaded` once the copy is down. */
export function unloadRow(process: ProcessState, life: ModelLife, row: VersionRow): void {
  const copy = row.copy;
  if (row.state !== 'READY' || copy === undefined) return;
  row.state = 'UNLOADING';
  row.reason = '';
  retireCopy(process, life.model, copy, () => {
    if (row.copy !== copy || row.state !== 'UNLOADING') return;
    row.state = 'UNAVAILABLE';
    row.reason = 'unloaded';
    row.copy = undefined;
  });
}

/** Unloads a model, the ensembles that have it as a step and, where asked, its own steps; the caller holds the locks. */
export function unloadModel(process: ProcessState, name: string, withSteps: boolean): void {
  const life = process.lives.get(name);
  if (life === undefined) return;
  life.isExplicit = false;
  life.awaitsStep = false;
  const wasServed = withdraw(process, life);
  if (!wasServed) return;
  for (const ensemble of process.repository.ensemblesOf(name)) {
    const dependent = process.lives.get(ensemble);
    if (dependent !== undefined && withdraw(process, dependent)) dependent.awaitsStep = true;
  }
  if (withSteps) for (const step of life.model.steps) unloadUnusedStep(process, step);
}

function withdraw(process: ProcessState, life: ModelLife): boolean {
  const rows = readyRows(life);
  life.served = undefined;
  for (const row of rows) unloadRow(process, life, row);
  return rows.length > 0;
}

function unloadUnusedStep(process: ProcessState, step: string): void {
  const isExplicit = process.lives.get(step)?.isExplicit === true;
  const isUsed = process.repository
    .ensemblesOf(step)
    .some((name) => readyRows(process.lives.get(name)).length > 0);
  if (!isExplicit && !isUsed) unloadModel(process, step, true);
}
