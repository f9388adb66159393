import { Refused } from './errors/refused.js';

/** So soon another process may have taken over. */
const SOON = 1_000;

/** Whether this process still takes requests. */
export class Lifecycle {
  private ending = false;

  get isEnding(): boolean {
    return this.ending;
  }

  /** No request is admitted from now on. */
  end(): void {
    this.ending = true;
  }

  /** Refuses where the process is ending. */
  admit(): void {
    if (this.ending) throw new Refused(SHUTTING_DOWN);
  }
}

export const SHUTTING_DOWN = { reason: 'shutting_down', retryAfter: SOON } as const;
