import type { Row, Rows, RowWrite, Written } from '#store';

/** Rows in a map that is handed in: it is what the next life finds. */
export class MemoryRows implements Rows {
  readonly place = 'memory';
  /** What writes say. */
  isDurable = true;
  /** Writes fail with it. */
  failsWith: Error | null = null;
  private isOpen = true;

  constructor(private readonly texts: Map<string, string> = new Map()) {}

  async *read(prefix: string): AsyncIterable<Row> {
    await this.turn();
    const found = [...this.texts].filter(([key]) => key.startsWith(prefix));
    const byBytes = found.toSorted(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    for (const [key, text] of byBytes) yield { key, text };
  }

  async get(key: string): Promise<string | undefined> {
    await this.turn();
    return this.texts.get(key);
  }

  async write(batch: readonly RowWrite[]): Promise<Written> {
    await this.turn();
    if (this.failsWith) throw this.failsWith;
    for (const { key, text } of batch) {
      if (text === null) this.texts.delete(key);
      else this.texts.set(key, text);
    }
    return { durable: this.isDurable };
  }

  async close(): Promise<void> {
    this.isOpen = false;
    return Promise.resolve();
  }

  /** Nothing of it is there at once, and nothing once it is closed. */
  private async turn(): Promise<void> {
    if (!this.isOpen) throw new Error('the rows are closed');
    await Promise.resolve();
  }
}
