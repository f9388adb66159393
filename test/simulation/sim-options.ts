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

/** An option that makes no sense; the message names it. */
export class BadOption extends Error {
  override readonly name = 'BadOption';
}

export const USAGE = 'npm run sim -- [--seeds N] [--hours H] [--from SEED] [--jobs J] | --plan FILE';

const MAX_SEEDS = 1_000_000;
/** Every seed up to it, and the last one of those that follow it, draws a plan of its own. */
const MAX_FROM = 4_000_000_000;
const MAX_JOBS = 256;
/** What each seed of the specs simulates where nothing is said. */
const SPEC_HOURS = 0.0625;
/** Of simulated time: the longest a plan may be. */
const MAX_HOURS = 24;

/** Reads the command line of `npm run sim`. */
export function readOptions(args: readonly string[]): SimOptions {
  const given = parse(args);
  const { plan } = given;
  const others = Object.keys(given).filter((name) => name !== 'plan');
  if (plan !== undefined && others.length > 0)
    throw new BadOption(`--${others[0]} says nothing beside --plan`);
  return {
    seeds: wholeNumber('--seeds', given.seeds, { least: 1, most: MAX_SEEDS, otherwise: 100 }),
    from: wholeNumber('--from', given.from, { least: 0, most: MAX_FROM, otherwise: 1 }),
    hours: hoursIn('--hours', given.hours, 1),
    jobs: wholeNumber('--jobs', given.jobs, { least: 1, most: MAX_JOBS, otherwise: availableParallelism() }),
    plan,
  };
}

/** Which seeds the specs play, and for how long each. */
export interface SpecOptions {
  readonly seeds: readonly number[];
  readonly hours: number;
  /** Whether one was named: then every line of it is wanted. */
  readonly isChosen: boolean;
}

/** Reads what the environment tells the specs: SEED, or SEEDS and FIRST; and HOURS. */
export function readVariables(env: Readonly<Record<string, string | undefined>>): SpecOptions {
  const isChosen = env['SEED'] !== undefined;
  const [name, most] = isChosen ? ['SEED', MAX_FROM + MAX_SEEDS] : ['FIRST', MAX_FROM];
  const first = wholeNumber(name, env[name], { least: 0, most, otherwise: 1 });
  const count = wholeNumber('SEEDS', env['SEEDS'], { least: 1, most: MAX_SEEDS, otherwise: 10 });
  return {
    seeds: Array.from({ length: isChosen ? 1 : count }, (_, at) => first + at),
    hours: hoursIn('HOURS', env['HOURS'], SPEC_HOURS),
    isChosen,
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

function wholeNumber(name: string, text: string | undefined, { least, most, otherwise }: Bounds): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new BadOption(`${name} is a whole number from ${least} to ${most}, not '${text}'`);
}

function hoursIn(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value > 0 && value <= MAX_HOURS) return value;
  throw new BadOption(`${name} is a number over 0, up to ${MAX_HOURS}, not '${text}'`);
}
