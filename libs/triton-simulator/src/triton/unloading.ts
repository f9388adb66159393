import { retireCopy } from './copy-loading.js';
import type { ProcessState, VersionRow } from './process-state.js';

/** Takes a served version away: no new inference reaches it, and its row reads `unloaded` once the copy is down. */
export function unloadRow(process: ProcessState, row: VersionRow): void {
  const { copy } = row;
  if (copy === undefined || row.state === 'UNLOADING') return;
  row.state = 'UNLOADING';
  row.reason = '';
  retireCopy(process, row.model, copy, () => {
    row.state = 'UNAVAILABLE';
    row.reason = 'unloaded';
    row.copy = undefined;
  });
}
