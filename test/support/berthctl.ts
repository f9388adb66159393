import { Readable, Writable } from 'node:stream';
import { run } from '../../apps/berthctl/src/program.js';
import { terminalOn } from '../../apps/berthctl/src/terminal.js';

/** What a command line came to. */
export interface CommandEnd {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The time of day at which every command line of a spec runs. */
const NOON = Date.parse('2026-01-31T12:00:00Z');

/** Runs a command line in this process, on a terminal that remembers. */
export async function berthctl(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<CommandEnd> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = terminalOn(paper(out), paper(err));
  const status = await run(args, { terminal, input: Readable.from([input]), env, now: () => NOON });
  return { status, out: out.join(''), err: err.join('') };
}

const paper = (written: string[]): Writable =>
  new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      written.push(text);
      done();
    },
  });
