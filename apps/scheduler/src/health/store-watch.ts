import type { Refusal } from '#core';
import type { StoreHealth } from '#kept';
import { STORE_UNAVAILABLE } from '../errors/store-unavailable.js';

/** Whether the store takes what it is to keep. */
export class StoreWatch {
  constructor(private readonly health: StoreHealth) {}

  isOk(): boolean {
    return this.health.failure === null;
  }

  /** A refusal as it is told: while the store fails, a load that could not be ordered for that is no failed load. */
  worded(refusal: Refusal): Refusal {
    const isOurs = refusal.reason === 'cooling_down' && refusal.cause === 'transient';
    return isOurs && !this.isOk() ? STORE_UNAVAILABLE : refusal;
  }

  /** Nothing else may be written for hours: without a try the store would count as failing so long. */
  async tryAgain(): Promise<void> {
    if (!this.isOk()) await this.health.tryAgain().catch(() => undefined);
  }
}
