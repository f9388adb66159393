import type { Asking } from './answers.js';
import type { Terminal } from './terminal.js';

/** What a command has to work with. */
export interface Work {
  readonly terminal: Terminal;
  readonly isJson: boolean;
  /** The time of day, in milliseconds since 1970. */
  readonly now: () => number;
  /** Read only by commands that ask a server: to the others a URL that is none does not matter. */
  asking(): Asking;
}
