import { readyRows } from './process-state.js';
import type { ProcessState } from './process-state.js';
import { unloadRow } from './unloading.js';

const LOOK_EVERY_MS = 100;
const FIRST_LOOK_MS = 200;

/** What follows a SIGTERM: orders under way are finished, then all is unloaded; what will not go ends it by timeout. */
export function leave(process: ProcessState, exit: (code: 0 | 1) => void): void {
  if (process.isLeaving) return;
  process.isLeaving = true;
  process.timers.after(process.options.exitTimeoutMs, () => exit(1));
  const look = (): void => {
    if (process.locks.isIdle()) unloadAll(process);
    if (hasNothingLeft(process)) exit(0);
    else process.timers.after(LOOK_EVERY_MS, look);
  };
  process.timers.after(FIRST_LOOK_MS, look);
}

function unloadAll(process: ProcessState): void {
  for (const life of process.lives.values()) {
    for (const row of readyRows(life)) unloadRow(process, row);
  }
}

function hasNothingLeft(process: ProcessState): boolean {
  const areGone = [...process.copies].every(({ phase }) => phase === 'gone');
  return areGone && process.locks.isIdle() && process.phantoms === 0;
}
