import type { Millis } from '#core';
import { type Figure, median, quantile, rounded } from '../figure.js';
import { answerCounts, isInTime } from '../storm/outcomes.js';
import { SWAP_UNLOAD_MS } from './fleets.js';
import { coldWaits, type Played, type Swap } from './playing.js';
import { type Scenario, SURPRISE_AT } from './scenarios.js';

/** The cores that are compared: ours, and that of another checkout. */
type Side = 'ours' | 'before';

/** A scenario as it was played before each of them. */
export interface Result {
  readonly scenario: Scenario;
  readonly sides: Readonly<{ ours: Played } & Partial<Record<Side, Played>>>;
}

/** Turns, looks and the way of the answer, beside what the swap itself takes. */
const BESIDE: Millis = 150;
const GOALS = { ranOut: 5, hour: 1.05, full: 1 };
/** Loads that run out where one thing goes wrong all the time: 1.5 times those of the prototype, of all loads. */
const HOSTILE: Readonly<Record<string, number>> = {
  ...{ foreign: 4.5 / 320, liars: 10.5 / 340, keepers: 34.5 / 340 },
  ...{ late: 19.5 / 320, silent: 3 / 320, 'quick-metrics': 3 / 480 },
};
const LAST: Millis = 600_000;

const servedOf = ({ outcomes }: Played): number => outcomes.filter(isInTime).length;

/** All that is told of one play. */
function rowOf(played: Played): Record<string, unknown> {
  const { outcomes, promised, broken, loads, ranOut, swaps, longestClosed } = played;
  const cold = coldWaits(outcomes);
  return {
    ...{ answers: servedOf(played), promised, broken, loads, ranOut },
    coldMs: {
      mean: rounded(mean(cold)),
      p50: rounded(quantile(cold, 0.5)),
      p90: rounded(quantile(cold, 0.9)),
    },
    swapP50Ms: {
      drain: middleOf(swaps, 'drain'),
      unload: middleOf(swaps, 'unload'),
      load: middleOf(swaps, 'load'),
    },
    ...{ longestClosedMs: longestClosed, told: answerCounts(outcomes) },
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

const middleOf = (swaps: readonly Swap[], part: keyof Swap): Millis =>
  Math.round(median(swaps.map((swap) => swap[part])));

/** Every figure that the results have something to say of. */
export function figuresOf(results: readonly Result[]): Figure[] {
  const of = (kind: Scenario['kind']): Result[] => results.filter(({ scenario }) => scenario.kind === kind);
  return [
    ...calmFigures(of('calm')),
    ...churnFigures(of('churn')),
    ...of('hostile').map(hostileFigure),
    ...of('hour').map(hourFigure),
    ...of('full').map(fullFigure),
  ];
}

function calmFigures(results: readonly Result[]): Figure[] {
  const played = results.map(({ sides }) => sides.ours);
  const refused = played.map(({ outcomes }) => outcomes.filter((one) => !isInTime(one)).length);
  const long = results.filter(({ scenario }) => scenario.name === 'calm-60s').map(({ sides }) => sides.ours);
  if (played.length === 0) return [];
  return [
    most(
      'swaps_calm_broken',
      'promises broken',
      0,
      played.map(({ broken }) => broken),
      rowsOf(results),
    ),
    most('swaps_calm_refused', 'requests not served in time', 0, refused),
    ...(long.length > 0 ? [coldFigure(long)] : []),
  ];
}

/**
 * What a cold wait is made of: the drain of its swap, an unload, and its load. Medians do not add up: of each swap the drain and
 * the load are added, and their median counts. The worst seed is told.
 */
function coldFigure(played: readonly Played[]): Figure {
  const each = played.map(({ outcomes, swaps }) => {
    const value = median(coldWaits(outcomes));
    const drainAndLoad = median(swaps.map(({ drain, load }) => drain + load));
    return { value, drainAndLoad, goal: drainAndLoad + SWAP_UNLOAD_MS + BESIDE };
  });
  const [worst] = each.toSorted((one, other) => other.value - other.goal - (one.value - one.goal));
  const { value, drainAndLoad, goal } = worst!;
  return {
    ...{ name: 'swaps_calm_cold', value, unit: 'ms, p50 of cold waits of 60 s at the most' },
    ...{ goal: `<= ${rounded(goal)}`, met: value <= goal },
    details: { drainAndLoad: rounded(drainAndLoad), unload: SWAP_UNLOAD_MS },
  };
}

function churnFigures(results: readonly Result[]): Figure[] {
  if (results.length === 0) return [];
  const ranOut = results.map(({ sides }) => sides.ours.ranOut);
  return [
    most(
      'swaps_churn_ran_out',
      'loads that ran out of memory, worst seed',
      GOALS.ranOut,
      ranOut,
      rowsOf(results),
    ),
  ];
}

function hostileFigure({ scenario, sides }: Result): Figure {
  const { ranOut, loads } = sides.ours;
  const goal = rounded(HOSTILE[scenario.name]!);
  const name = `swaps_${scenario.name.replaceAll('-', '_')}_ran_out`;
  return most(name, 'of all loads ran out of memory', goal, [ranOut / loads], rowsOf([{ scenario, sides }]));
}

/** Cold waits of the last ten minutes, beside those before the process came. */
function hourFigure({ scenario, sides }: Result): Figure {
  const ratios = Object.entries(sides).map(([side, { outcomes }]) => {
    const before = coldWaits(outcomes.filter(({ at }) => at < SURPRISE_AT));
    const last = coldWaits(outcomes.filter(({ at }) => at >= scenario.end - LAST));
    return [side, quantile(last, 0.5) / quantile(before, 0.5)] as const;
  });
  const value = Object.fromEntries(ratios)['ours']!;
  return most('swaps_hour', 'p50 of cold waits an hour after a surprise, x before', GOALS.hour, [value], {
    ...{ ratios: Object.fromEntries(ratios.map(([side, ratio]) => [side, rounded(ratio)])) },
    ...rowsOf([{ scenario, sides }]),
  });
}

const fullFigure = (result: Result): Figure =>
  most(
    'swaps_full_ran_out',
    'loads that ran out of memory in 100 swaps of a GPU that was full',
    GOALS.full,
    [result.sides.ours.ranOut],
    rowsOf([result]),
  );

/** The largest counts, and has to be so much at the most. */
function most(
  name: string,
  unit: string,
  goal: number,
  values: readonly number[],
  details: Figure['details'] = {},
): Figure {
  const value = Math.max(...values);
  const isMet = values.every((one) => one <= goal);
  return { name, value, unit, goal: `<= ${goal}`, met: isMet, details };
}

/** By scenario and seed: a row for each core. */
const rowsOf = (results: readonly Result[]): Record<string, unknown> =>
  Object.fromEntries(
    results.map(({ scenario, sides }) => [
      `${scenario.name}-${scenario.seed}`,
      Object.fromEntries(Object.entries(sides).map(([side, played]) => [side, rowOf(played)])),
    ]),
  );

/** One line for people. */
export function lineOn({ scenario, sides }: Result): string {
  const told = Object.entries(sides).map(([side, played]) => {
    const { outcomes, broken, promised, loads, ranOut } = played;
    const cold = coldWaits(outcomes);
    const [p50, average] = [quantile(cold, 0.5), mean(cold)].map((ms) => (ms / 1_000).toFixed(2));
    const drain = middleOf(played.swaps, 'drain');
    return (
      `${side}: ${servedOf(played)} of ${outcomes.length} served, ${broken} of ${promised} broken, ` +
      `cold p50 ${p50} s mean ${average} s, drain ${drain} ms, ${ranOut} of ${loads} loads ran out`
    );
  });
  return `${scenario.name}, seed ${scenario.seed}: ${told.join('; ')}`;
}
