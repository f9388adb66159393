import type { Logger } from 'pino';
import type { Dead } from './deliveries.js';
import type { LostEvents } from './stored-events.js';
import type { Result } from './results.js';

/** One line when an endpoint begins to fail, when it is well again, and for the first of its events that are given up meanwhile. */
export class DeliveryLog {
  private readonly failing = new Set<string>();
  private readonly given = new Set<string>();
  private lost = 0;

  constructor(private readonly log: Pick<Logger, 'info' | 'warn' | 'error'>) {}

  tried(endpoint: string, result: Result, status: number | null): void {
    if (result === 'delivered') return this.delivered(endpoint);
    if (result === 'gone') {
      this.log.error({ endpoint }, `endpoint ${endpoint} answered 410: it is sent nothing more`);
    } else if (!this.failing.has(endpoint)) {
      const facts = { endpoint, result, status };
      this.log.warn(facts, `endpoint ${endpoint} does not take events: ${result}; they are sent again`);
    }
    this.failing.add(endpoint);
  }

  givenUp(dead: readonly Dead[]): void {
    for (const { endpoint, cause } of dead) {
      const key = `${endpoint} ${cause}`;
      if (this.given.has(key)) continue;
      this.given.add(key);
      const words = `events for endpoint ${endpoint} became dead letters: ${cause}`;
      this.log.warn({ endpoint, cause }, words);
    }
  }

  /** Said once until the store takes events again. */
  lose(): void {
    if (this.lost === 0) this.log.error('the store does not take events, and too many wait: events are lost');
    this.lost += 1;
  }

  /** Redis came back without what it had. */
  lostByStore({ events, deadLetters }: LostEvents): void {
    const lost = { events, deadLetters };
    if (events + deadLetters === 0) return;
    this.log.error(lost, 'the store has lost events that waited and dead letters: they are not told');
  }

  storeIsWell(): void {
    if (this.lost > 0) this.log.error({ lost: this.lost }, 'events are stored again; some were lost');
    this.lost = 0;
  }

  /** Rows of the store that hold no event, or no dead letter. */
  damaged(count: number): void {
    this.log.error({ count }, 'stored events made no sense and were left out');
  }

  private delivered(endpoint: string): void {
    if (this.failing.delete(endpoint)) this.log.info({ endpoint }, `endpoint ${endpoint} takes events again`);
    for (const key of this.given) if (key.startsWith(`${endpoint} `)) this.given.delete(key);
  }
}
