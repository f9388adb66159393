import { CallerGone } from '../../transport/limits/caller-gone.js';

/** Does one thing after another. What has not begun when its caller goes is let go of at once, with all that it holds. */
export class SerialQueue {
  private readonly waiting: (() => Promise<void>)[] = [];
  private running: Promise<void> | null = null;
  private isDoing = false;

  /** How many wait or are being done. */
  get size(): number {
    return this.waiting.length + (this.isDoing ? 1 : 0);
  }

  /** Resolves as the work does, once all before it has ended; rejects with `CallerGone` where its caller goes before. */
  take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(new CallerGone());
    return new Promise<T>((resolve, reject) => {
      const begin = async (): Promise<void> => {
        signal?.removeEventListener('abort', leave);
        await work().then(resolve, reject);
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(begin), 1);
        reject(new CallerGone());
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.waiting.push(begin);
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits or is being done. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // Nothing is begun within the call that asks for it.
    await Promise.resolve();
    for (let begin = this.waiting.shift(); begin !== undefined; begin = this.waiting.shift()) {
      this.isDoing = true;
      await begin();
      this.isDoing = false;
    }
    this.running = null;
  }
}
