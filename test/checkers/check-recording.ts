import { Replay } from '#engine';
import { type Ending, openRecording, type Recording, RecordingError } from '#recording';
import { TurnPromises } from './promises.js';

export interface CheckOptions {
  /** Whether the process may have died while it wrote: then the last line need not be whole. */
  readonly mayBeCut?: boolean;
}

/** What a recording was found to hold. */
export interface Checked {
  readonly turns: number;
  /** Null where the file simply stops. */
  readonly ending: Ending | null;
}

/**
 * Replays a recording with today's core, and holds every promise against every turn. Rejects at the first turn that was
 * decided differently or that broke a promise, with the number of the turn.
 */
export async function checkRecording(
  path: string,
  { mayBeCut = false }: CheckOptions = {},
): Promise<Checked> {
  let turns = 0;
  try {
    const recording = await openRecording(path);
    for await (const _ of checkedTurns(path, recording)) turns += 1;
    return { turns, ending: recording.ending };
  } catch (error) {
    if (mayBeCut && error instanceof RecordingError && error.isCut) return { turns, ending: null };
    throw error;
  }
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
