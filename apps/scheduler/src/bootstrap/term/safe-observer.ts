import type { Logger } from 'pino';
import type { Fleet } from '#core';
import type { FailedTurn, Observer, SentOrder, Turn } from '#engine';

/**
 * The observers of turns. First come those that Berth's answers depend on: an error of theirs ends the process, as one
 * of the core does. Then come those that only tell of turns.
 */
export const observersOf = (
  needed: readonly Observer[],
  telemetry: readonly Observer[],
  log: Pick<Logger, 'error'>,
): Observer[] => [...needed, ...telemetry.map((one) => new Guarded(one, log))];

/**
 * A part of telemetry whose errors harm nothing: the turn was taken and carried out, whatever a metric or a log line makes of it.
 * The first error is logged; the observer is told of the next turn as ever.
 */
class Guarded implements Observer {
  private hasFailed = false;

  constructor(
    private readonly observer: Observer,
    private readonly log: Pick<Logger, 'error'>,
  ) {}

  turnTaken(turn: Turn, fleet: Fleet): void {
    this.attempt(() => this.observer.turnTaken(turn, fleet));
  }

  orderSent(order: SentOrder): void {
    this.attempt(() => this.observer.orderSent?.(order));
  }

  turnFailed(turn: FailedTurn): void {
    this.attempt(() => this.observer.turnFailed?.(turn));
  }

  private attempt(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      const observer = this.observer.constructor.name;
      if (!this.hasFailed) this.log.error({ err: error, observer }, `${observer} failed; all else goes on`);
      this.hasFailed = true;
    }
  }
}
