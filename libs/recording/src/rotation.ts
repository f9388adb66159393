import type { TurnFile, TurnFiles } from './turn-files.js';

/** `turns-00000001.jsonl`; the numbers rise over all lives of a process, so that their order is that of time. */
const NAME = /^turns-(\d{8})\.jsonl$/;
const nameOf = (number: number): string => `turns-${String(number).padStart(8, '0')}.jsonl`;
const numberOf = (name: string): number => Number(NAME.exec(name)?.[1] ?? 0);

interface Chunk {
  readonly bytes: Buffer;
  readonly beginsFile: boolean;
}

/** Writes what it is given one after the other into numbered files, behind the caller's back, and deletes the oldest. */
export class Rotation {
  private readonly queue: Chunk[] = [];
  private queued = 0;
  private writing: Promise<void> | undefined;
  private file: TurnFile | undefined;
  private broken = false;

  constructor(
    private readonly files: TurnFiles,
    /** How many files there may be, the one that is written included. */
    private readonly keep: number,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Bytes the disk has not taken yet. */
  get pending(): number {
    return this.queued;
  }

  add(bytes: Buffer, beginsFile: boolean): void {
    if (this.broken) return;
    this.queue.push({ bytes, beginsFile });
    this.queued += bytes.length;
    this.writing ??= this.drain();
  }

  /** Resolves once everything is written, or nothing can be. */
  async close(): Promise<void> {
    await this.writing;
    const { file } = this;
    this.file = undefined;
    await file?.close().catch(() => undefined);
  }

  private async drain(): Promise<void> {
    try {
      while (this.queue.length > 0) await this.write(this.takeBatch());
    } catch (error) {
      this.giveUp(error);
    } finally {
      this.writing = undefined;
    }
  }

  /** All that goes into one file is one write. */
  private takeBatch(): readonly Chunk[] {
    const next = this.queue.findIndex(({ beginsFile }, at) => at > 0 && beginsFile);
    return this.queue.splice(0, next === -1 ? this.queue.length : next);
  }

  private async write(batch: readonly Chunk[]): Promise<void> {
    if (batch[0]!.beginsFile) await this.begin();
    const bytes = Buffer.concat(batch.map((chunk) => chunk.bytes));
    await this.file!.append(bytes);
    this.queued -= bytes.length;
  }

  private async begin(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
    const names = (await this.files.names()).filter((name) => NAME.test(name)).toSorted();
    this.file = await this.files.create(nameOf(numberOf(names.at(-1) ?? '') + 1));
    for (const old of names.slice(0, Math.max(0, names.length + 1 - this.keep))) await this.files.remove(old);
  }

  private giveUp(error: unknown): void {
    this.broken = true;
    this.queue.length = 0;
    this.queued = 0;
    this.onFailure(error);
  }
}
