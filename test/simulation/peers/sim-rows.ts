import { type Row, type Rows, type RowWrite, StoreUnavailable, type Written } from '#kept';
import type { RedisClient } from './redis-client.js';

type Outcome = 'written' | 'behind' | 'deposed';

/**
 * The rows of one term in the simulated Redis: each write is all or nothing, and only where the term and the count of writes
 * are as expected. Where the count is another one, all rows are written again from the copy of this process.
 */
export class SimRows implements Rows {
  readonly place = 'a simulated Redis';
  private copy: Map<string, string> | null = null;
  private writes = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly client: RedisClient,
    private readonly term: number,
  ) {}

  async *read(prefix: string): AsyncIterable<Row> {
    const copy = await this.copied();
    const found = [...copy].filter(([key]) => key.startsWith(prefix));
    for (const [key, text] of found.toSorted(([one], [other]) => (one < other ? -1 : 1))) yield { key, text };
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.copied()).get(key);
  }

  write(batch: readonly RowWrite[]): Promise<Written> {
    const written = this.last.then(() => this.writeNext(batch));
    this.last = written.catch(() => undefined);
    return written;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async copied(): Promise<Map<string, string>> {
    if (this.copy) return this.copy;
    const { value } = await this.client
      .call((data) => ({ value: data }))
      .catch((error: Error) => {
        throw new StoreUnavailable(error.message);
      });
    this.writes = value.writes;
    return (this.copy = new Map(value.rows));
  }

  private async writeNext(batch: readonly RowWrite[]): Promise<Written> {
    const rows = new Map(await this.copied());
    for (const { key, text } of batch) {
      if (text === null) rows.delete(key);
      else rows.set(key, text);
    }
    const { isConfirmed } = await this.send(rows);
    this.copy = rows;
    return { durable: isConfirmed };
  }

  /** A write without an answer leaves the count in doubt: the next one is of all rows. */
  private async send(rows: ReadonlyMap<string, string>): Promise<{ isConfirmed: boolean }> {
    const { term, writes } = this;
    try {
      const { value, isConfirmed } = await this.client.call<Outcome>((data) => {
        if (data.lease.lastTerm > term) return { value: 'deposed' };
        const isBehind = data.writes !== writes;
        return { value: isBehind ? 'behind' : 'written', data: { ...data, rows, writes: writes + 1 } };
      });
      if (value === 'deposed') throw new Error('another process leads');
      this.writes = writes + 1;
      return { isConfirmed };
    } catch (error) {
      throw new StoreUnavailable((error as Error).message);
    }
  }
}
