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

/** A command's work, with its arguments and its options as commander has read them. */
export type Perform = (work: Work, args: readonly [string, ...string[]], options: never) => Promise<void>;

/** Makes of a command's work what commander calls. */
export type Act = (perform: Perform) => (...given: unknown[]) => Promise<void>;
