import { closeSync, openSync, writeSync } from 'node:fs';
import { emptyFleet, type Fleet } from '#core';
import type { Observer, Turn } from '#engine';
import { type About, FORMAT } from './format.js';
import { Lines } from './lines.js';

/** Written to the file at once when it has come to so much. */
const BUFFERED = 1024 * 1024;

export interface RunRecorderOptions {
  /** The file for each life of the engine, counted from 1; one that is there is replaced. */
  readonly pathOf: (life: number) => string;
  readonly about: Omit<About, 'term'>;
  /** RFC 3339 UTC. */
  readonly recordedAt: string;
}

/**
 * Records a run that comes to an end, as a simulation does: it waits for the disk, has no bound, and throws where the disk
 * does not take it. It must be told of every turn from the first on. Another engine, known by its fleet, is another life
 * and gets another file.
 */
export class RunRecorder implements Observer {
  /** The files written so far, one for each life. */
  readonly paths: string[] = [];
  private life: { readonly fleet: Fleet; readonly file: LifeFile } | undefined;

  constructor(private readonly options: RunRecorderOptions) {}

  turnTaken(turn: Turn, fleet: Fleet): void {
    if (this.life?.fleet !== fleet) this.begin(fleet);
    this.life!.file.write(turn);
  }

  close(): void {
    this.life?.file.close();
    this.life = undefined;
  }

  private begin(fleet: Fleet): void {
    this.close();
    const { about, recordedAt, pathOf } = this.options;
    const term = this.paths.length + 1;
    const path = pathOf(term);
    this.paths.push(path);
    this.life = { fleet, file: new LifeFile(path, { ...about, term }, recordedAt) };
  }
}

class LifeFile {
  private readonly lines = new Lines();
  private readonly file: number;
  private buffer: string;
  private turns = 0;

  constructor(path: string, about: About, recordedAt: string) {
    this.file = openSync(path, 'w', 0o600);
    this.buffer = this.lines.header({ format: FORMAT, ...about, recordedAt, turn: 1 }, emptyFleet());
  }

  write({ now, events, actions }: Turn): void {
    this.turns += 1;
    this.buffer += this.lines.turn({ turn: this.turns, now, events, actions });
    if (this.buffer.length >= BUFFERED) this.flush();
  }

  close(): void {
    this.buffer += this.lines.ending('closed');
    this.flush();
    closeSync(this.file);
  }

  private flush(): void {
    const bytes = Buffer.from(this.buffer);
    this.buffer = '';
    for (let from = 0; from < bytes.length;) from += writeSync(this.file, bytes, from);
  }
}
