import { setTimeout as sleep } from 'node:timers/promises';

const APART_MS = 1_000;
/** A file that still changes after so many tries is not waited for. */
const MAX_TRIES = 30;

/**
 * The text of a file that is whole: it is read until it tells the same twice, a second apart. A file that is being written may
 * be cut off at a line end, where it is a good one with less in it. Null: it never settles.
 */
export async function settled(
  read: () => Promise<string>,
  pause = () => sleep(APART_MS),
): Promise<string | null> {
  let last = await read();
  for (let tries = 1; tries < MAX_TRIES; tries += 1) {
    await pause();
    const next = await read();
    if (next === last) return next;
    last = next;
  }
  return null;
}
