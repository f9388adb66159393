import { parseArgs } from 'node:util';

/** How long a soak lasts, and in front of how many silent servers. */
export interface SoakOptions {
  readonly minutes: number;
  readonly silent: number;
}

const MAX_MINUTES = 24 * 60;
const MAX_SILENT = 3_000;

export const USAGE = `npm run soak [-- --minutes N] [--silent N]
  --minutes N   how long, over 0 and up to ${MAX_MINUTES}; 30 by default
  --silent N    how many silent servers, up to ${MAX_SILENT}; 200 by default`;

/** Reads the command line. Throws with one line where it makes no sense. */
export function readOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      silent: { type: 'string', default: '200' },
    },
  });
  const [minutes, silent] = [Number(values.minutes), Number(values.silent)];
  if (!(minutes > 0 && minutes <= MAX_MINUTES))
    throw new Error(`--minutes is a number over 0, up to ${MAX_MINUTES}`);
  if (!(Number.isSafeInteger(silent) && silent >= 0 && silent <= MAX_SILENT))
    throw new Error(`--silent is a whole number from 0 to ${MAX_SILENT}`);
  return { minutes, silent };
}
