import { parseArgs } from 'node:util';

/** How many faults are played, and which. */
export interface ChaosOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly profile: 'default' | 'fast';
}

const MAX_ROUNDS = 10_000;

export const USAGE = `npm run chaos [-- --rounds N] [--seed S] [--profile P]
  --rounds N    how many faults, from 1 to ${MAX_ROUNDS}; 3 by default
  --seed S      which faults, a whole number; 1 by default
  --profile P   redis.profile: default or fast; fast by default`;

/** Reads the command line. Throws with one line where it makes no sense. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      seed: { type: 'string', default: '1' },
      profile: { type: 'string', default: 'fast' },
    },
  });
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
  if (!(Number.isSafeInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS))
    throw new Error(`--rounds is a whole number from 1 to ${MAX_ROUNDS}`);
  if (!Number.isSafeInteger(seed)) throw new Error('--seed is a whole number');
  if (values.profile !== 'default' && values.profile !== 'fast')
    throw new Error('--profile is default or fast');
  return { rounds, seed, profile: values.profile };
}
