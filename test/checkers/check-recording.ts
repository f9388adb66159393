import { Replay } from '#engine';
import { openRecording, type Recording, RecordingError } from '#recording';
import { TurnPromises } from './promises.js';

export interface CheckOptions {
  /** Whether the process may have died while it wrote: then the last line need not be whole. */
  readonly mayBeCut?: boolean;
}

/** What a recording was found to hold. */
export interface Checked {
  readonly turns: number;
  readonly recording: Recording;
}

/**
 * Replays a recording with today's core, and holds every promise against every turn. Rejects at the first turn that was
 * decided differently or that broke a promise, with the number of the turn.
 */
export async function checkRecording(
  path: string,
  { mayBeCut = false }: CheckOptions = {},
): Promise<Checked> {
  const recording = await openRecording(path);
  let turns = 0;
  try {
    for await (const _ of checkedTurns(path, recording)) turns += 1;
  } catch (error) {
    if (!(mayBeCut && error instanceof RecordingError && error.isCut)) throw error;
  }
  return { turns, recording };
}

async function* checkedTurns(path: string, recording: Recording): AsyncGenerator<void> {
  const replay = new Replay(recording.snapshot);
  let at = 0;
  const promises = new TurnPromises(recording.snapshot, {
    expect: (isKept, promise) => {
      if (!isKept) throw new Error(`${path}, turn ${at}: ${promise()}`);
    },
    mark: () => {},
  });
  for await (const turn of recording.turns()) {
    at = turn.turn;
    const found = replay.take(turn);
    if (found) {
      const { path: where, recorded, decided } = found;
      throw new Error(
        `${path}, turn ${at}: ${where} was ${JSON.stringify(recorded)}, and today's core decides ${JSON.stringify(decided)}`,
      );
    }
    promises.turnTaken(turn, replay.fleet);
    yield;
  }
}
