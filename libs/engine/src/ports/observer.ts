import type { Action, ActionOf, Event, Fleet, Instant, Millis } from '#core';

/** The turns of one instant that were taken. */
export interface Turn {
  readonly events: readonly Event[];
  readonly actions: readonly Action[];
  readonly now: Instant;
  readonly took: Millis;
  /** False where the core would have gone on giving and taking: a fault of the core. */
  readonly isAtRest?: boolean;
}

/** A turn that threw. Its decisions are not known. */
export interface FailedTurn {
  readonly events: readonly Event[];
  readonly now: Instant;
  readonly error: unknown;
}

/** What changes what a server has loaded. */
export type SentOrder = ActionOf<'load' | 'unload'>;

/** Is told of every turn: metrics, the log, the recorder. It must not change the turn or the fleet. */
export interface Observer {
  turnTaken(turn: Turn, fleet: Fleet): void;
  /** Told right before an order is sent: of those that a turn decides, some are not sent. */
  orderSent?(order: SentOrder): void;
  /** Told when a turn threw: no other turn follows in the life of the engine. */
  turnFailed?(turn: FailedTurn): void;
}
