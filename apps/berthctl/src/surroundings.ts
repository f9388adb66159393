import type { Readable } from 'node:stream';
import { type TargetOptions, targetOf } from './target.js';
import type { Terminal } from './terminal.js';
import type { Work } from './work.js';

/** What a command line runs in. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly input: Readable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The time of day, in milliseconds since 1970. */
  readonly now: () => number;
}

/** The options that every command takes. */
export interface Globals extends TargetOptions {
  readonly output: 'table' | 'json';
  readonly timeoutMs: number;
}

/** What one command has to work with. */
export function workIn(
  { terminal, input, env, now }: Surroundings,
  { output, timeoutMs, ...target }: Globals,
): Work {
  return {
    terminal,
    input,
    isJson: output === 'json',
    now,
    asking: () => ({ target: targetOf(target, env), patience: timeoutMs }),
  };
}
