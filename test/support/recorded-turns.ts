import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkRecording } from '../checkers/check-recording.js';

/** What the configuration says so that a suite's turns can be checked when it ends: far more than any suite takes. */
export const recordingTo = (dir: string) => ({ recorder: { dir, maxFileMb: 256, files: 100 } });

/**
 * What every suite does in the end with the turns that its Berth has recorded: they are replayed, and every promise is held
 * against them. Rejects with the turn and the promise; also where nothing was recorded, or not to the end although the
 * process was not killed.
 */
export async function checkRecordedTurns(dir: string, { wasKilled }: { wasKilled: boolean }): Promise<void> {
  const names = (await readdir(dir)).toSorted();
  if (names.length === 0) throw new Error(`${dir}: no turn was recorded`);
  for (const name of names) {
    const { turns, ending } = await checkRecording(join(dir, name), { mayBeCut: wasKilled });
    if (ending?.end === 'dropped') throw new Error(`${name}: turns were dropped`);
    if (wasKilled) continue;
    if (turns === 0) throw new Error(`${name}: no turn was recorded`);
    if (ending === null) throw new Error(`${name}: the recording has no end`);
  }
}
