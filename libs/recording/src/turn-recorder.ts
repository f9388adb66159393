import { emptyFleet, type Fleet } from '#core';
import type { FailedTurn, Observer, Turn } from '#engine';
import { type About, type Ending, FORMAT, type TellTime, type ThrownTurn } from './format.js';
import { Lines } from './lines.js';
import { Rotation } from './rotation.js';
import { MAX_LINE_LENGTH } from './text-lines.js';
import type { TurnFiles } from './turn-files.js';

/** Bytes that may wait for the disk, beside one snapshot; beyond that turns are dropped until it has caught up. */
const MAX_PENDING = 8 * 2 ** 20;

export interface TurnRecorderOptions {
  readonly files: TurnFiles;
  readonly about: About;
  readonly recordedAt: TellTime;
  /** A file that has come to so much is followed by another: one turn may lie beyond it. */
  readonly maxFileBytes: number;
  /** How many files are kept, the one being written included. */
  readonly keep: number;
  /** Nothing is recorded any more in this life. Told once. */
  readonly onStopped: (why: unknown) => void;
  /** Hears how many turns are missing between two files. */
  readonly onDropped: (turns: number) => void;
}

/** The first line of a file, and what makes those that follow. */
interface Beginning {
  readonly lines: Lines;
  readonly bytes: Buffer;
}

/**
 * Records the turns of a service that must not wait for its disk. Has to be told of every turn from the first on. A disk
 * that is slow costs turns, which is written down; one that fails ends the recording, never the service.
 */
export class TurnRecorder implements Observer {
  private readonly rotation: Rotation;
  private lines: Lines | undefined;
  private turns = 0;
  private fileBytes = 0;
  private snapshotBytes = 0;
  private dropped = 0;
  private isOver = false;
  private hasFailed = false;

  constructor(private readonly options: TurnRecorderOptions) {
    this.rotation = new Rotation(options.files, options.keep, (error) => this.stop(error));
  }

  turnTaken(turn: Turn, fleet: Fleet): void {
    if (this.isOver) return;
    try {
      this.record(turn, fleet);
    } catch (error) {
      this.stop(error);
    }
  }

  /** The last line of the recording: the turns before can be replayed, and then this one. */
  turnFailed({ now, events, error }: FailedTurn): void {
    if (this.isOver) return;
    const failed = { now, events, error: beginningOf(error) };
    try {
      this.lines ??= this.begin(this.beginning(emptyFleet(), this.turns + 1));
      this.end('failed', isWritable(failed) ? failed : { ...failed, events: [] });
    } catch (why) {
      this.stop(why);
    }
    this.isOver = true;
  }

  /** Resolves once all that was recorded is written. */
  async close(): Promise<void> {
    if (!this.isOver && this.lines) this.end(this.dropped > 0 ? 'dropped' : 'closed');
    this.isOver = true;
    await this.rotation.close();
  }

  private record({ now, events, actions }: Turn, fleet: Fleet): void {
    this.turns += 1;
    const lines = this.lines ?? this.begin(this.beginning(emptyFleet(), this.turns));
    if (this.isBehind() || this.dropped > 0) return this.drop(fleet);
    const line = Buffer.from(lines.turn({ turn: this.turns, now, events, actions }));
    if (line.length > MAX_LINE_LENGTH) throw new LineTooLong(`turn ${this.turns}`, line.length);
    this.add(line);
    if (this.fileBytes >= this.options.maxFileBytes) this.goOn('rotated', fleet);
  }

  /** One that has begun to drop goes on until the disk has taken everything: better one gap than many. */
  private isBehind(): boolean {
    const { pending } = this.rotation;
    return this.dropped > 0 ? pending > 0 : pending > MAX_PENDING + this.snapshotBytes;
  }

  private drop(fleet: Fleet): void {
    this.dropped += 1;
    if (this.isBehind() || this.dropped === 1) return;
    this.goOn('dropped', fleet);
  }

  /** A file says that another follows only where one does: where none can, it has no last line. */
  private goOn(how: 'rotated' | 'dropped', fleet: Fleet): void {
    const beginning = this.beginning(fleet, this.turns + 1);
    this.end(how);
    this.begin(beginning);
  }

  private beginning(snapshot: Fleet, turn: number): Beginning {
    const { about, recordedAt, maxFileBytes } = this.options;
    const lines = new Lines();
    const header = { format: FORMAT, ...about, recordedAt: recordedAt(), turn } as const;
    const bytes = Buffer.from(lines.header(header, snapshot));
    if (bytes.length > MAX_LINE_LENGTH) throw new LineTooLong('the fleet', bytes.length);
    if (2 * bytes.length > maxFileBytes) throw new SnapshotTooLarge(bytes.length);
    return { lines, bytes };
  }

  private begin({ lines, bytes }: Beginning): Lines {
    this.lines = lines;
    this.snapshotBytes = bytes.length;
    this.fileBytes = bytes.length;
    this.rotation.add(bytes, true);
    return lines;
  }

  private end(how: Ending['end'], failed?: ThrownTurn): void {
    this.add(Buffer.from(this.lines!.ending(how, this.dropped, failed)));
    if (this.dropped > 0) this.options.onDropped(this.dropped);
    this.dropped = 0;
  }

  private add(bytes: Buffer): void {
    this.fileBytes += bytes.length;
    this.rotation.add(bytes, false);
  }

  private stop(why: unknown): void {
    this.isOver = true;
    if (!this.hasFailed) this.options.onStopped(why);
    this.hasFailed = true;
    void this.rotation.close();
  }
}

/** No message of an error needs more, and none may make a line too long. */
const MAX_ERROR_LENGTH = 8_000;

const beginningOf = (error: unknown): string =>
  (error instanceof Error ? (error.stack ?? String(error)) : String(error)).slice(0, MAX_ERROR_LENGTH);

/** What a turn choked on may be what no line can hold. */
function isWritable(failed: ThrownTurn): boolean {
  try {
    return Buffer.byteLength(new Lines().ending('failed', 0, failed)) < MAX_LINE_LENGTH;
  } catch {
    return false;
  }
}

/** What reads a recording would refuse it. */
class LineTooLong extends Error {
  constructor(what: string, bytes: number) {
    const [mib, most] = [bytes, MAX_LINE_LENGTH].map((each) => Math.ceil(each / 2 ** 20));
    super(`${what} would be a line of ${mib} MiB, and no line is longer than ${most} MiB`);
  }
}

/** Files would hold little else than snapshots. */
class SnapshotTooLarge extends Error {
  constructor(bytes: number) {
    const mib = Math.ceil((2 * bytes) / 2 ** 20);
    super(`the fleet has become so large that a file of turns needs maxFileMb: ${mib} or more`);
  }
}
