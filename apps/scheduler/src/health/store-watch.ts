import type { Refusal } from '#core';
import type { StoreHealth } from '#kept';
import { STORE_UNAVAILABLE } from '../errors/store-unavailable.js';

/** Whether the store takes what it is to keep. */
export class StoreWatch {
  constructor(private readonly health: StoreHealth) {}

  isOk(): boolean {
    return this.health.failure === null;
  }

  /**
   * A refusal as it is told: while the store fails no load can be ordered. So one that could not be ordered is no failed load, and
   * one that would come too late is late for that.
   */
  worded(refusal: Refusal): Refusal {
    const { reason, cause } = refusal;
    const isOurs = reason === 'deadline_unreachable' || (reason === 'cooling_down' && cause === 'transient');
    return isOurs && !this.isOk() ? STORE_UNAVAILABLE : refusal;
  }

  /** Nothing else may be written for hours: without a try the store would count as failing so long. */
  async tryAgain(): Promise<void> {
    if (!this.isOk()) await this.health.tryAgain().catch(() => undefined);
  }
}
