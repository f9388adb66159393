import type { Copy, CopyHealth, CopyPhase } from './copy.js';
import type { Holding } from './device-memory.js';
import type { ProcessState, VersionRow } from './process-state.js';

/** One copy as it truly is, whatever the index says. */
export interface CopyTruth {
  readonly id: number;
  readonly model: string;
  readonly version: number;
  readonly phase: CopyPhase;
  readonly health: CopyHealth;
  readonly inFlight: number;
  /** Whether the process has a row for this very copy; hidden ones hold memory that no call shows. */
  readonly isVisible: boolean;
  readonly holds: readonly Holding[];
}

/** Every copy of a process that holds memory or is about to. */
export function copyTruths(process: ProcessState): readonly CopyTruth[] {
  return [...process.copies].map((copy) => copyTruth(process, copy));
}

function copyTruth(process: ProcessState, copy: Copy): CopyTruth {
  const rows = [...(process.lives.get(copy.model)?.rows.values() ?? [])];
  return {
    id: copy.id,
    model: copy.model,
    version: copy.version,
    phase: copy.phase,
    health: copy.health,
    inFlight: copy.inFlight,
    isVisible: rows.some((row) => row.copy === copy || isLoading(row, copy)),
    holds: process.memory.holdingsOf(copy.holder),
  };
}

/** Loads of a model come one after the other: no more than one copy of a version is not up yet. */
const isLoading = (row: VersionRow, copy: Copy): boolean =>
  row.state === 'LOADING' &&
  row.version === copy.version &&
  (copy.phase === 'queued' || copy.phase === 'loading');
