import type { Writable } from 'node:stream';
import { printable } from '#contracts';
import { Failed } from './failures.js';

/** Where answers and complaints go. Whatever a server says, no line of it steers the terminal. */
export interface Terminal {
  /** What was asked for; a program may read it. */
  out(lines: readonly string[]): void;
  /** What went wrong, and what else only a person wants to know. */
  err(lines: readonly string[]): void;
}

/** The terminal on two streams. There are no colours in it, so it is the same in a pipe. */
export function terminalOn(out: Writable, err: Writable): Terminal {
  return { out: writer(out), err: writer(err) };
}

/** A value as the lines that programs read. What is parsed may be nested more deeply than can be written again. */
export function jsonLines(value: unknown): string[] {
  try {
    return JSON.stringify(value, null, 2).split('\n');
  } catch (error) {
    if (error instanceof RangeError) throw new Failed('the answer is nested too deeply to be shown');
    throw error;
  }
}

function writer(stream: Writable): (lines: readonly string[]) => void {
  return (lines) => {
    if (lines.length > 0) stream.write(`${lines.map(printable).join('\n')}\n`);
  };
}
