import type { Action, Event, Fleet, Instant, Millis } from '#core';

/** One turn, as it was taken. */
export interface Turn {
  readonly events: readonly Event[];
  readonly actions: readonly Action[];
  readonly now: Instant;
  readonly took: Millis;
}

/** Is told of every turn: metrics, the log, later the recorder. It must not change what it is shown. */
export interface Observer {
  turnTaken(turn: Turn, fleet: Fleet): void;
}
