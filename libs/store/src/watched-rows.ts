import type { Written } from '#engine';
import type { Row, Rows, RowWrite } from './rows.js';
import { StoreUnavailable } from './store-unavailable.js';

/** Hears of the first failure, and with null of the first write that succeeds after one. */
export type OnHealth = (failure: StoreUnavailable | null) => void;

/** Rows that remember whether their place failed since the last write that succeeded. */
export class WatchedRows implements Rows {
  private failing: StoreUnavailable | null = null;
  private readonly listeners: OnHealth[];

  constructor(
    private readonly rows: Rows,
    onHealth: OnHealth,
  ) {
    this.listeners = [onHealth];
  }

  get place(): string {
    return this.rows.place;
  }

  /** Why the place fails; null where it does not. */
  get failure(): StoreUnavailable | null {
    return this.failing;
  }

  follow(tell: OnHealth): void {
    this.listeners.push(tell);
  }

  async *read(prefix: string): AsyncIterable<Row> {
    try {
      yield* this.rows.read(prefix);
    } catch (error) {
      throw this.noted(error);
    }
  }

  async get(key: string): Promise<string | undefined> {
    return this.rows.get(key).catch((error: unknown) => Promise.reject(this.noted(error)));
  }

  async write(batch: readonly RowWrite[]): Promise<Written> {
    const written = await this.rows
      .write(batch)
      .catch((error: unknown) => Promise.reject<Written>(this.noted(error)));
    if (batch.length > 0) this.tell(null);
    return written;
  }

  close(): Promise<void> {
    return this.rows.close();
  }

  private noted(error: unknown): Error {
    if (error instanceof StoreUnavailable) this.tell(error);
    return error as Error;
  }

  private tell(failure: StoreUnavailable | null): void {
    const isNews = (failure === null) !== (this.failing === null);
    this.failing = failure;
    if (isNews) for (const tell of this.listeners) tell(failure);
  }
}
