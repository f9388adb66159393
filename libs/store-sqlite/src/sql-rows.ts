import { join } from 'node:path';
import { type Row, type Rows, type RowWrite, StoreUnavailable, WriteQueue, type Written } from '#store';
import { FILES } from './folder.js';
import type { HeldFolder } from './held-folder.js';
import { READ_AFTER, READ_BOOKS, READ_FROM, READ_ONE, rowOf, stepsOf } from './layout.js';
import type { Columns } from './sql-thread.js';

/** Bytes that come from the thread at once; a single row may be larger. */
const PAGE_BYTES = 2 ** 20;

/** The disk has it. */
const DURABLE: Written = { durable: true };

/** Rows in a file of SQLite. Batches that wait for the one before them are written together. */
export class SqlRows implements Rows {
  private readonly queue: WriteQueue;
  private last: Promise<unknown> = Promise.resolve();
  private hasFailed = false;
  private isClosed = false;

  /** @param held has the file open, and is let go by `close`. */
  constructor(private readonly held: HeldFolder) {
    this.queue = new WriteQueue(held.path, (batch) => this.inTurn(() => this.writeNow(batch)));
  }

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
    return this.queue.add(batch);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.queue.idle();
    await this.last;
    await this.held.letGo();
  }

  private async writeNow(batch: readonly RowWrite[]): Promise<Written> {
    await this.reach(() => this.held.thread.run([['BEGIN IMMEDIATE'], ...stepsOf(batch), ['COMMIT']]));
    return DURABLE;
  }

  private columns(sql: string, key: string): Promise<readonly Columns[]> {
    this.refuseClosed();
    return this.inTurn(() => this.reach(() => this.held.thread.all(sql, [key], PAGE_BYTES)));
  }

  /** After a failure nothing of the connection is trusted: it is opened anew, and has to find our books there. */
  private async reach<T>(work: () => Promise<T>): Promise<T> {
    const { thread } = this.held;
    try {
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
