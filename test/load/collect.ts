import { setTimeout as sleep } from 'node:timers/promises';
import { residentMb } from './usage.js';

/** Flags of a process that lets go of its garbage when it is told to. */
export const COLLECTS = ['--expose-gc', '--import', new URL('./gc-on-signal.js', import.meta.url).href];

/** What the first finds may hold something that only the next can let go of. */
const COLLECTIONS = 3;
const COLLECTION_MS = 500;

/** Lets processes that were started with COLLECTS let go of their garbage. */
export async function collect(...pids: readonly number[]): Promise<void> {
  for (let collection = 0; collection < COLLECTIONS; collection += 1) {
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    await sleep(COLLECTION_MS);
  }
}

/** What such a process holds once it has let go of its garbage, in MiB. */
export async function collectedMb(pid: number): Promise<number> {
  await collect(pid);
  return residentMb(pid);
}
