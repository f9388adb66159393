import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = mkdtempSync(join(tmpdir(), 'berth-bench-'));
let made = 0;

/** A path that is used only once, in the folder of this run. */
export const scratchPath = (): string => join(root, String((made += 1)));

/** Nothing on disk outlives the run. */
export function removeScratch(): void {
  rmSync(root, { recursive: true, force: true });
}
