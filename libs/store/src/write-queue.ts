import type { Written } from '#engine';
import type { RowWrite } from './rows.js';
import { StoreUnavailable } from './store-unavailable.js';

/** Bound of batches that wait for the one before them. */
const MAX_WAITING = 1_000;
/** Bytes that are written together; a single batch may have more. */
const MAX_BYTES = 2 ** 20;

interface Waiting {
  readonly batch: readonly RowWrite[];
  resolve(written: Written): void;
  reject(error: unknown): void;
}

/** Writes one after another. Those that wait for the one before them are written together. */
export class WriteQueue {
  private readonly waiting: Waiting[] = [];
  private running: Promise<void> | null = null;

  constructor(
    /** Where it is written, for messages. */
    private readonly place: string,
    private readonly write: (batch: readonly RowWrite[]) => Promise<Written>,
  ) {}

  add(batch: readonly RowWrite[]): Promise<Written> {
    if (this.waiting.length >= MAX_WAITING)
      return Promise.reject(
        new StoreUnavailable(`${MAX_WAITING} writes wait for the store in ${this.place} already`),
      );
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, resolve, reject });
      this.running ??= this.drain();
    });
  }

  /** Resolves once all is written, or has failed. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async drain(): Promise<void> {
    await Promise.resolve();
    while (this.waiting.length > 0) await this.writeNext();
    this.running = null;
  }

  private async writeNext(): Promise<void> {
    const group = takeFirst(this.waiting);
    try {
      const written = await this.write(group.flatMap(({ batch }) => batch));
      for (const one of group) one.resolve(written);
    } catch (error) {
      for (const one of group) one.reject(error);
    }
  }
}

/** Takes the first ones out, as many as are written together. */
function takeFirst(waiting: Waiting[]): readonly Waiting[] {
  let bytes = 0;
  const beyond = waiting.findIndex(({ batch }, at) => {
    for (const { key, text } of batch) bytes += key.length + (text?.length ?? 0);
    return at > 0 && bytes > MAX_BYTES;
  });
  return waiting.splice(0, beyond < 0 ? waiting.length : beyond);
}
