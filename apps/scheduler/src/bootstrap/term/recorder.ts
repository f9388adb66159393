import type { Config } from '#config';
import { BERTH_VERSION } from '#contracts';
import { TurnFolder, TurnRecorder } from '#recording';
import type { Counts } from '#telemetry';
import type { Dependencies } from '../dependencies.js';

/** Records the turns where the configuration says so. What becomes of the recording is logged and counted, and harms nothing. */
export function openRecorder(
  { recorder, fleet }: Config,
  { log, wallNow }: Pick<Dependencies, 'log' | 'wallNow'>,
  counts: Counts,
  term: number,
): TurnRecorder | null {
  if (recorder === null) return null;
  const { dir, maxFileMb, files } = recorder;
  counts.recording.set(1);
  return new TurnRecorder({
    files: new TurnFolder(dir),
    about: { berth: BERTH_VERSION, node: process.version, fleet, term },
    recordedAt: () => new Date(wallNow()).toISOString(),
    maxFileBytes: maxFileMb * 2 ** 20,
    keep: files,
    onStopped: (why) => {
      counts.recording.set(0);
      counts.recordingFailures.inc();
      log.error({ err: why, dir }, 'turns are recorded no more; all else goes on');
    },
    onDropped: (turns) => {
      counts.turnsDropped.inc(turns);
      log.warn({ turns, dir }, 'the disk was too slow: turns were not recorded');
    },
  });
}
