import type { Asking } from './answers.js';
import type { Terminal } from './terminal.js';

/** What a command has to work with. */
export interface Work {
  readonly terminal: Terminal;
  readonly isJson: boolean;
  /** The time of day, in milliseconds since 1970. */
  readonly now: () => number;
  /** Read only by commands that ask somebody: others do not mind a URL that is none. */
  asking(): Asking;
}
