import type { StoreHealth } from '#engine';
import type { Timers } from '#triton-simulator';

/** So often a disk that fails is tried again. */
const AGAIN = 5_000;

/** Whether the disk took what one life of Berth wrote last. */
export class DiskHealth implements StoreHealth {
  failure: Error | null = null;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly process: Timers,
    private readonly disk: { readonly isFailing: boolean },
  ) {}

  follow(tell: () => void): void {
    this.listeners.push(tell);
  }

  /** Hands on how a write ended. */
  async of(writing: Promise<void>): Promise<void> {
    await writing.catch((error: unknown) => {
      this.note(error as Error);
      throw error;
    });
    this.note(null);
  }

  private note(failure: Error | null): void {
    const isNews = (failure === null) !== (this.failure === null);
    this.failure = failure;
    if (!isNews) return;
    for (const tell of this.listeners) tell();
    if (failure !== null) this.tryLater(failure);
  }

  private tryLater(failure: Error): void {
    this.process.after(AGAIN, () => {
      if (this.failure === null) return;
      if (this.disk.isFailing) this.tryLater(failure);
      else this.note(null);
    });
  }
}
