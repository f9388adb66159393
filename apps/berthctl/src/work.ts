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
  /** Called only by commands that ask a server, so that a malformed URL fails no other command. */
  asking(): Asking;
}

/** A command's work, with its arguments and its options as commander has read them. */
export type Perform = (work: Work, args: readonly [string, ...string[]], options: never) => Promise<void>;

/** Turns the work of a command into the function that commander calls. */
export type Act = (perform: Perform) => (...given: unknown[]) => Promise<void>;
