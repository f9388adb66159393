import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

/** What is asked of a run of the simulation. */
export interface SimOptions {
  readonly seeds: number;
  readonly from: number;
  readonly hours: number;
  readonly jobs: number;
  /** A plan in a file is played instead of drawn ones. */
  readonly plan: string | undefined;
}

/** An option that nobody can make sense of; the message names it. */
export class BadOption extends Error {
  override readonly name = 'BadOption';
}

export const USAGE = 'npm run sim -- [--seeds N] [--hours H] [--from SEED] [--jobs J] | --plan FILE';

const MOST_SEEDS = 1_000_000;
const MOST_JOBS = 256;
/** Of simulated time: the longest a plan may be. */
const MOST_HOURS = 24;

/** Reads the command line of `npm run sim`. */
export function readOptions(args: readonly string[]): SimOptions {
  const given = parse(args);
  const { plan } = given;
  const others = Object.keys(given).filter((name) => name !== 'plan');
  if (plan !== undefined && others.length > 0)
    throw new BadOption(`--${others[0]} says nothing beside --plan`);
  return {
    seeds: wholeNumber(given, 'seeds', { least: 1, most: MOST_SEEDS, otherwise: 100 }),
    from: wholeNumber(given, 'from', { least: 0, most: Number.MAX_SAFE_INTEGER - MOST_SEEDS, otherwise: 1 }),
    hours: hoursIn(given.hours),
    jobs: wholeNumber(given, 'jobs', { least: 1, most: MOST_JOBS, otherwise: availableParallelism() }),
    plan,
  };
}

const OPTIONS = {
  seeds: { type: 'string' },
  hours: { type: 'string' },
  from: { type: 'string' },
  jobs: { type: 'string' },
  plan: { type: 'string' },
} as const;

type Given = { readonly [Name in keyof typeof OPTIONS]?: string | undefined };

function parse(args: readonly string[]): Given {
  try {
    return { ...parseArgs({ args: [...args], options: OPTIONS, strict: true }).values };
  } catch (error) {
    throw new BadOption((error as Error).message);
  }
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly otherwise: number;
}

function wholeNumber(given: Given, name: keyof Given, { least, most, otherwise }: Bounds): number {
  const text = given[name];
  if (text === undefined) return otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new BadOption(`--${name} is a whole number from ${least} to ${most}, not '${text}'`);
}

function hoursIn(text = '1'): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value > 0 && value <= MOST_HOURS) return value;
  throw new BadOption(`--hours is a number over 0, up to ${MOST_HOURS}, not '${text}'`);
}
