import { type FileHandle, open } from 'node:fs/promises';
import type { Fleet } from '#core';
import type { RecordedTurn } from '#engine';
import type { Ending, Header, Opening } from './format.js';
import { LineFault, readLine, readOpening } from './read-line.js';
import { RecordingError } from './recording-error.js';
import { linesOf, MAX_LINE_LENGTH, type TextLine } from './text-lines.js';

/** What every recording begins with: a file that does not is not read further, however long it is. */
const BEGINNING = '{"format":';

/**
 * Opens a recording and reads its first line. Rejects with RecordingError where it is none that this version reads; a
 * file that cannot be opened rejects as the file system does.
 */
export async function openRecording(path: string): Promise<Recording> {
  const file = await open(path, 'r');
  try {
    await begins(file);
    const lines = linesOf(file);
    const first = await lines.next();
    const { opening, sum } = checked(1, null, () => readOpening(textOf(first.value as TextLine)));
    return new Recording(file, lines, opening, sum);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function begins(file: FileHandle): Promise<void> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(BEGINNING.length), 0, BEGINNING.length, 0);
  if (bytesRead === 0) throw new RecordingError(1, '', 'is not there: the file is empty', null, true);
  if (!BEGINNING.startsWith(buffer.toString('latin1', 0, bytesRead))) {
    throw new RecordingError(1, '', `is not the first line of a recording, which begins with ${BEGINNING}`);
  }
}

/** A recording that is being read, turn by turn. */
export class Recording {
  readonly header: Header;
  /** The fleet before the first turn, for one reader to step through: it is not read a second time. */
  readonly snapshot: Fleet;
  private line = 1;
  private lastTurn: RecordedTurn | null = null;
  private ended: Ending | null = null;

  constructor(
    private readonly file: FileHandle,
    private readonly lines: AsyncGenerator<TextLine>,
    opening: Opening,
    private sum: number,
  ) {
    this.header = opening.header;
    this.snapshot = opening.snapshot;
  }

  /** How the file ends, once all turns were read; null where it simply stops after a whole line. */
  get ending(): Ending | null {
    return this.ended;
  }

  /** Every turn, in order. Throws RecordingError at the first line that is not as it should be. Closes the file. */
  async *turns(): AsyncGenerator<RecordedTurn> {
    try {
      for await (const text of this.lines) {
        this.line += 1;
        const turn = this.read(text);
        if (turn) yield turn;
      }
    } finally {
      await this.file.close();
    }
  }

  /** For a reader that does not read to the end. */
  close(): Promise<void> {
    return this.file.close();
  }

  private read(text: TextLine): RecordedTurn | undefined {
    const last = this.lastTurn?.turn ?? null;
    return checked(this.line, last, () => {
      if (this.ended) throw new LineFault('', 'comes after the line that ends the recording');
      const { found, sum } = readLine(textOf(text), this.sum);
      this.sum = sum;
      if ('end' in found) return this.end(found);
      this.checkOrder(found);
      this.lastTurn = found;
      return found;
    });
  }

  private end(ending: Ending): undefined {
    const turns = (this.lastTurn?.turn ?? this.header.turn - 1) - this.header.turn + 1;
    if (ending.turns !== turns) throw new LineFault('turns', `is ${ending.turns} after ${turns} turns`);
    this.ended = ending;
  }

  private checkOrder({ turn, now }: RecordedTurn): void {
    const expected = (this.lastTurn?.turn ?? this.header.turn - 1) + 1;
    if (turn !== expected) throw new LineFault('turn', `is ${turn} where turn ${expected} is due`);
    if (this.lastTurn && now < this.lastTurn.now) {
      throw new LineFault('now', `is ${now}, before ${this.lastTurn.now} of turn ${this.lastTurn.turn}`);
    }
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** A last line without its end was cut off, however much of it is there. */
function textOf({ bytes, isWhole }: TextLine): string {
  if (bytes.length > MAX_LINE_LENGTH) throw new LineFault('', `is longer than ${MAX_LINE_LENGTH} bytes`);
  if (!isWhole) throw new CutOff();
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new LineFault('', 'is not UTF-8');
  }
}

class CutOff extends LineFault {
  constructor() {
    super('', 'is cut off');
  }
}

/** Says where in the file a fault is. */
function checked<Result>(line: number, lastTurn: number | null, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LineFault)) throw error;
    const last = lastTurn === null ? 'no turn before it is whole' : `the last whole turn is ${lastTurn}`;
    const isCut = error instanceof CutOff;
    throw new RecordingError(
      line,
      error.field,
      isCut ? `${error.rule}; ${last}` : error.rule,
      lastTurn,
      isCut,
    );
  }
}
