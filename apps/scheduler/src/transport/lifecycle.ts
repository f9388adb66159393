import { Refused, type RefusalFacts } from './errors/refused.js';

/** `Retry-After` while the process ends: another one may have taken over by then. */
const RETRY_AFTER_MS = 1_000;

/** Why no requests are taken any more: the process ends, or only its term does. */
export type EndReason = 'shutting_down' | 'no_leader';

/** Whether requests are still taken: by a term, or by the whole process. */
export class Lifecycle {
  private why: RefusalFacts | null = null;

  get isEnding(): boolean {
    return this.why !== null;
  }

  /** No request is admitted from now on. The first reason stands. */
  end(reason: EndReason = 'shutting_down'): void {
    this.why ??= reason === 'no_leader' ? NO_LEADER : SHUTTING_DOWN;
  }

  /** Refuses where it is ending. */
  admit(): void {
    if (this.why !== null) throw new Refused(this.why);
  }

  /** Why a stream is ended that nothing else ends: it is ending, or knows no leader. */
  farewell(): Refused {
    return new Refused(this.why ?? NO_LEADER);
  }
}

export const SHUTTING_DOWN = { reason: 'shutting_down', retryAfter: RETRY_AFTER_MS } as const;
export const NO_LEADER = { reason: 'no_leader', retryAfter: RETRY_AFTER_MS } as const;
