import type { StoreHealth } from '#store';

/** Whether the store takes what it is to keep. */
export class StoreWatch {
  constructor(private readonly health: StoreHealth) {}

  isOk(): boolean {
    return this.health.failure === null;
  }

  /** Nothing else may be written for hours: without a try the store would count as failing so long. */
  async tryAgain(): Promise<void> {
    if (!this.isOk()) await this.health.tryAgain().catch(() => undefined);
  }
}
