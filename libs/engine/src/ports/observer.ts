import type { Action, Event, Fleet, Instant, Millis } from '#core';

/** One turn, as it was taken. */
export interface Turn {
  readonly events: readonly Event[];
  readonly actions: readonly Action[];
  readonly now: Instant;
  readonly took: Millis;
}

/** A turn that threw: what it was given, and what came of it. Whatever it had decided is not known. */
export interface FailedTurn {
  readonly events: readonly Event[];
  readonly now: Instant;
  readonly error: unknown;
}

/** Is told of every turn: metrics, the log, the recorder. It must not change what it is shown. */
export interface Observer {
  turnTaken(turn: Turn, fleet: Fleet): void;
  /** The last that is told in the life of an engine, if anything of the kind ever is. */
  turnFailed?(turn: FailedTurn): void;
}
