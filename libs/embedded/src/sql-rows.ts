import { join } from 'node:path';
import { type Row, type Rows, type RowWrite, StoreUnavailable, type Written } from '#kept';
import { FILES } from './folder.js';
import type { HeldFolder } from './held-folder.js';
import { READ_AFTER, READ_BOOKS, READ_FROM, READ_ONE, rowOf, stepsOf } from './layout.js';
import type { Columns } from './sql-thread.js';

/** So many batches may wait for the one before them. */
const MOST_WAITING = 1_000;
/** So many bytes go to the thread, or come from it, at once; a single batch or row may be larger. */
const PAGE_BYTES = 2 ** 20;

/** The disk has it. */
const DURABLE: Written = { durable: true };

interface Waiting {
  readonly batch: readonly RowWrite[];
  resolve(written: Written): void;
  reject(error: unknown): void;
}

/** Rows in a file of SQLite. Batches that wait for the one before them are written together. */
export class SqlRows implements Rows {
  private readonly waiting: Waiting[] = [];
  private last: Promise<unknown> = Promise.resolve();
  private hasFailed = false;
  private isClosed = false;

  /** @param held has the file open, and is let go by `close`. */
  constructor(private readonly held: HeldFolder) {}

  get place(): string {
    return this.held.path;
  }

  async *read(prefix: string): AsyncIterable<Row> {
    let page = await this.columns(READ_FROM, prefix);
    while (page.length > 0) {
      const rows = page.map((columns) => this.checked(columns));
      for (const row of rows) {
        if (!row.key.startsWith(prefix)) return;
        yield row;
      }
      page = await this.columns(READ_AFTER, rows.at(-1)!.key);
    }
  }

  async get(key: string): Promise<string | undefined> {
    const [columns] = await this.columns(READ_ONE, key);
    return columns && this.checked(columns).text;
  }

  async write(batch: readonly RowWrite[]): Promise<Written> {
    if (batch.length === 0) return DURABLE;
    this.refuseClosed();
    if (this.waiting.length >= MOST_WAITING)
      throw new StoreUnavailable(`${MOST_WAITING} writes wait for the store in ${this.place} already`);
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, resolve, reject });
      void this.inTurn(() => this.writeWaiting());
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.last;
    await this.held.letGo();
  }

  /** Each batch brings one call of this; those that find everything written do nothing. */
  private async writeWaiting(): Promise<void> {
    const group = takeFirst(this.waiting);
    if (group.length === 0) return;
    try {
      await this.reach(async () => {
        const steps = stepsOf(group.flatMap(({ batch }) => batch));
        await this.held.thread.run([['BEGIN IMMEDIATE'], ...steps, ['COMMIT']]);
      });
      for (const one of group) one.resolve(DURABLE);
    } catch (error) {
      for (const one of group) one.reject(error);
    }
  }

  private columns(sql: string, key: string): Promise<readonly Columns[]> {
    this.refuseClosed();
    return this.inTurn(() => this.reach(() => this.held.thread.all(sql, [key], PAGE_BYTES)));
  }

  /**
   * After a failure nothing of the connection is trusted: it is opened anew, and has to find our books there. Without the
   * lock, another process may have changed what this one goes by: then there is no way back.
   */
  private async reach<T>(work: () => Promise<T>): Promise<T> {
    const { thread, lock } = this.held;
    try {
      if (lock.death) throw new Error(`it lost its lock (${lock.death.message}). Start Berth again`);
      if (this.hasFailed) {
        await thread.open(join(this.place, FILES.db), false);
        const books = await thread.all(READ_BOOKS);
        if (books.length !== 1) throw new Error('its books are gone');
        this.hasFailed = false;
      }
      return await work();
    } catch (cause) {
      this.hasFailed = true;
      throw new StoreUnavailable(`the store in ${this.place} failed: ${(cause as Error).message}`, { cause });
    }
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }

  private checked(columns: Columns): Row {
    const row = rowOf(columns);
    if (row) return row;
    throw new StoreUnavailable(
      `the store in ${this.place} is damaged: ${String(columns[0])} is not what was written`,
    );
  }

  private refuseClosed(): void {
    if (this.isClosed) throw new Error(`the store in ${this.place} is closed`);
  }
}

/** Takes the first ones out, as many as go to the thread together. */
function takeFirst(waiting: Waiting[]): readonly Waiting[] {
  let bytes = 0;
  const beyond = waiting.findIndex(({ batch }, at) => {
    for (const { key, text } of batch) bytes += key.length + (text?.length ?? 0);
    return at > 0 && bytes > PAGE_BYTES;
  });
  return waiting.splice(0, beyond < 0 ? waiting.length : beyond);
}
