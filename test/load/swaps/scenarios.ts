import type { Millis } from '#core';
import { plainTruth } from '../storm/virtual-fleet.js';
import type { Workload } from '../storm/workload.js';
import { HELD_OF_DECLARED, type Truth } from '../virtual-memory.js';
import { closedLoop, type Demand, firstThen, steady } from './callers.js';
import { calmFleet, churnFleet, fullFleet } from './fleets.js';
import { type Visits, withKeepers, withLiars, withSilence, withVisits } from './truths.js';

/** What is played, and from when to when it counts. */
export interface Scenario {
  readonly name: string;
  readonly kind: 'calm' | 'churn' | 'hostile' | 'hour' | 'full';
  readonly seed: number;
  readonly workload: Workload;
  readonly truth: Truth;
  readonly demand: Demand;
  /** Where and when another process takes memory, as `truth` has it. */
  readonly visits?: Visits;
  /** What happens is heard so often. */
  readonly grain: Millis;
  readonly learned: Millis;
  readonly end: Millis;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const FINE: Millis = 1;
const COARSE: Millis = 5;

const CALM = { learned: MINUTE, end: 3 * MINUTE };
const CHURN: Millis = 3 * MINUTE;
const SEEDS = [1, 2, 3];
const LIES = 1.15;
const FOREIGN_GIB = 7e9 / GIB;
/** A quarter of the time. */
const VISITS: Visits = {
  ...{ gib: FOREIGN_GIB, every: 40 * SECOND, stays: 10 * SECOND },
  ...{ from: 20 * SECOND, until: CHURN },
};
const NO_VISITS: Visits = { ...VISITS, until: 0 };

/** All that is played. */
export function scenarios(): readonly Scenario[] {
  return [
    ...SEEDS.flatMap((seed) => [calm('calm-5s', 5 * SECOND, seed), calm('calm-60s', MINUTE, seed)]),
    ...SEEDS.map((seed) => churn({ name: 'churn', seed })),
    ...hostile(),
    hour(),
    full(),
  ];
}

const REAL = { calm: { learned: 30 * SECOND, end: 2 * MINUTE }, churn: 2 * MINUTE };

/** What is played with processes. */
export const realScenarios = (): readonly Scenario[] => [
  calm('calm-60s', MINUTE, 1, REAL.calm),
  churn({ name: 'churn', seed: 1, lasts: REAL.churn }),
];

function calm(name: string, wait: Millis, seed: number, times = CALM): Scenario {
  const workload = calmFleet();
  const asked = { models: workload.models.length, wait, every: SECOND, end: times.end, seed };
  return {
    ...{ ...times, name, kind: 'calm', seed, workload, grain: FINE },
    ...{ truth: plainTruth(workload), demand: steady(asked) },
  };
}

interface Churn {
  readonly name: string;
  readonly seed?: number;
  readonly lies?: number;
  readonly visits?: Visits;
  readonly lasts?: Millis;
  readonly but?: (truth: Truth) => Truth;
}

function churn({ name, seed, lies = LIES, visits = VISITS, lasts = CHURN, but = same }: Churn): Scenario {
  const workload = churnFleet(seed ?? 1);
  const sizes = new Map(workload.models.map((model) => [model.name, model.mb * MIB]));
  const lying = withLiars(plainTruth(workload), lies, (model) => sizes.get(model)!);
  return {
    ...{ name, kind: seed === undefined ? 'hostile' : 'churn', seed: seed ?? 1, workload, grain: COARSE },
    ...{ truth: but(withVisits(lying, visits, workload)), demand: closedLoop(sizes.size, seed ?? 1) },
    ...{ learned: 0, end: lasts, visits },
  };
}

const same = (truth: Truth): Truth => truth;

/** Churns in which one thing goes wrong all the time. */
const hostile = (): readonly Scenario[] => [
  churn({ name: 'foreign', lasts: 2 * MINUTE, visits: { ...VISITS, every: 20 * SECOND, from: 10 * SECOND } }),
  churn({ name: 'liars', lies: 2, visits: NO_VISITS }),
  churn({
    name: 'keepers',
    visits: NO_VISITS,
    lies: HELD_OF_DECLARED,
    but: (truth) => withKeepers(truth, 0.5),
  }),
  churn({ name: 'late', lasts: 2 * MINUTE, but: (truth) => ({ ...truth, late: SECOND }) }),
  churn({
    ...{ name: 'silent', lasts: 2 * MINUTE },
    visits: { ...VISITS, every: CHURN, stays: MINUTE, from: 45 * SECOND },
    but: (truth) => withSilence(truth, 40 * SECOND, 30 * SECOND),
  }),
  churn({ name: 'quick-metrics', but: (truth) => ({ ...truth, interval: 250 }) }),
];

/** When the process of `hour` comes: what is before is compared with the end. */
export const SURPRISE_AT: Millis = 6 * MINUTE;

/** A calm hour in which a process comes once, and goes. */
function hour(): Scenario {
  const workload = calmFleet();
  const end = 60 * MINUTE;
  const visits = { ...VISITS, stays: 30 * SECOND, every: end, from: SURPRISE_AT, until: end };
  const asked = { models: workload.models.length, wait: MINUTE, every: SECOND, end, seed: 1 };
  return {
    ...{ name: 'hour', kind: 'hour', seed: 1, workload, grain: COARSE, learned: MINUTE, end },
    ...{ truth: withVisits(plainTruth(workload), visits, workload), demand: steady(asked) },
  };
}

const FULL = { holdGib: 1, takesGib: 8, places: 8, comesAt: MINUTE, swaps: 100, every: 6 * SECOND };

/** Eight copies that hold half of what they book; then a process takes all that is free; then they make room for others. */
function full(): Scenario {
  const workload = fullFleet();
  const [plain, end] = [plainTruth(workload), FULL.comesAt + (FULL.swaps + 1) * FULL.every];
  const visits = { ...VISITS, gib: FULL.takesGib, stays: end, every: end, from: FULL.comesAt, until: end };
  const small = (model: string): boolean => Number(model.slice(1)) < FULL.places;
  const truth: Truth = {
    ...plain,
    takes: (model) => (small(model) ? FULL.holdGib * GIB : plain.takes(model)),
  };
  const demand = firstThen(FULL, workload.models.length, MINUTE);
  return {
    ...{ name: 'full', kind: 'full', seed: 1, workload, grain: COARSE, learned: FULL.comesAt, end },
    ...{ truth: withVisits(truth, visits, workload), demand },
  };
}
