import type { ClassicLevel } from 'classic-level';
import type { Row, Rows, RowWrite } from '#kept';

/** Rows in LevelDB. */
export class LevelRows implements Rows {
  constructor(
    private readonly db: ClassicLevel,
    private readonly onClosed: () => void,
  ) {}

  get place(): string {
    return this.db.location;
  }

  async *read(prefix: string): AsyncIterable<Row> {
    for await (const [key, text] of this.db.iterator({ gte: prefix })) {
      if (!key.startsWith(prefix)) return;
      yield { key, text };
    }
  }

  async get(key: string): Promise<string | undefined> {
    return this.db.get(key);
  }

  async write(batch: readonly RowWrite[]): Promise<void> {
    if (batch.length === 0) return;
    const operations = batch.map(({ key, text }) => {
      return text === null ? ({ type: 'del', key } as const) : ({ type: 'put', key, value: text } as const);
    });
    await this.db.batch(operations, { sync: true });
  }

  async close(): Promise<void> {
    if (this.db.status === 'closed') return;
    await this.db.close();
    this.onClosed();
  }
}
