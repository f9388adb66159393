import type { Readable } from 'node:stream';
import type { Asking } from './answers.js';
import type { Terminal } from './terminal.js';

/** What a command has to work with. */
export interface Work {
  readonly terminal: Terminal;
  readonly isJson: boolean;
  /** What is piped in. */
  readonly input: Readable;
  /** The time of day, in milliseconds since 1970. */
  readonly now: () => number;
  /** Read only by commands that ask a server: to the others a URL that is none does not matter. */
  asking(): Asking;
}
