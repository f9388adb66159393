import type { Instant } from '#core';
import type { Agenda } from '#triton-simulator';
import type { Berth, Surroundings } from './berth.js';

/** What all parts of a world have to do with. */
export interface Stage extends Surroundings {
  readonly agenda: Agenda;
  /** When the storm ends. */
  readonly stormEnd: Instant;
  /** Undefined while no process runs. */
  readonly berth: () => Berth | undefined;
  /** Ends the process; another one begins some time later. */
  readonly endBerth: (how: 'crash' | 'stop', downFor: number) => string | void;
}
