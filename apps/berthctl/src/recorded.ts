import { stat } from 'node:fs/promises';
import { type Difference, Replay, type RecordedTurn } from '#engine';
import { type Ending, type Header, openRecording, type Recording, RecordingError } from '#recording';
import type { Fleet } from '#core';
import { counted } from '#contracts';
import { Failed, Usage } from './failures.js';

/** How many lines of the stack are shown where the core throws. */
const FRAMES = 5;

/** How far a recording was stepped through until now. */
interface Sofar {
  turns: number;
  first: RecordedTurn | null;
  last: RecordedTurn | null;
  /** The first turn that today's core decides differently: nothing after it was looked at. */
  difference: Difference | null;
}

/** How far a recording was stepped through, and what came of it. */
export interface Played extends Readonly<Sofar> {
  readonly header: Header;
  /** How the file ends; null where it simply stops, or was not read to its end. */
  readonly ending: Ending | null;
  /** As it is after the last turn. */
  readonly fleet: Fleet;
}

/** Steps through a recording with today's core: up to a turn, to its end, or to the first difference. */
export async function played(file: string, upTo = Infinity): Promise<Played> {
  const recording = await reading(file, 0, () => opened(file));
  try {
    return await stepped(file, recording, upTo);
  } finally {
    await recording.close();
  }
}

/** A pipe or a device might never say anything, and has no beginning to go back to. */
async function opened(file: string): Promise<Recording> {
  if (!(await stat(file)).isFile()) throw new Usage(`${file} cannot be read: it is no regular file`);
  return openRecording(file);
}

async function stepped(file: string, recording: Recording, upTo: number): Promise<Played> {
  const { header, snapshot } = recording;
  const replay = new Replay(snapshot);
  const turns = recording.turns();
  const sofar: Sofar = { turns: 0, first: null, last: null, difference: null };
  while (sofar.difference === null && (sofar.last?.turn ?? header.turn - 1) < upTo) {
    const { value: turn } = await reading(file, sofar.turns, () => turns.next());
    if (turn === undefined) break;
    sofar.turns += 1;
    sofar.first ??= turn;
    sofar.last = turn;
    sofar.difference = taken(file, replay, turn);
  }
  return { header, ...sofar, ending: recording.ending, fleet: replay.fleet };
}

/** Takes one turn. Where the core throws it has changed since the recording, or no core has ever taken such a turn. */
function taken(file: string, replay: Replay, turn: RecordedTurn): Difference | null {
  try {
    return replay.take(turn) ?? null;
  } catch (error) {
    const { stack, message } = error as Error;
    throw new Failed(
      `${file}: the core of today breaks at turn ${turn.turn}: ${message}`,
      stack?.split('\n').slice(1, 1 + FRAMES),
    );
  }
}

/** A broken recording says where; a file that cannot be read is a mistake on the command line. */
async function reading<Read>(file: string, turns: number, read: () => Promise<Read>): Promise<Read> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof RecordingError) throw broken(file, turns, error);
    const { syscall, message } = error as NodeJS.ErrnoException;
    throw syscall === undefined ? error : new Usage(`${file} cannot be read: ${message}`);
  }
}

function broken(file: string, turns: number, { line, field, rule, lastTurn }: RecordingError): Failed {
  const whole = `the ${counted(turns, 'turn')} before it decided the same; --turn ${lastTurn} shows the last`;
  return new Failed(`${file} is not whole, or no recording of this version`, [
    `line ${line}${field === '' ? '' : `, ${field}`}: ${rule}`,
    ...(turns > 0 ? [whole] : []),
  ]);
}
