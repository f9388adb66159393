import type { Class, Millis } from '#core';
import { type Figure, quantile, rounded } from '../figure.js';
import {
  answerCounts,
  between,
  bestGoodput,
  coldOf,
  goodput,
  isInTime,
  lookAt,
  type Outcome,
  recovery,
  share,
  waited,
  worstLook,
} from './outcomes.js';
import { capacityOf, rateOf, UNLOAD_MS, type Workload } from './workload.js';

/** What was seen of a storm, in times since the beginning of the play. */
export interface Seen {
  readonly outcomes: readonly Outcome[];
  /** When what is normal begins, then the storm, then what comes after it, and the end. */
  readonly times: {
    readonly normal: Millis;
    readonly storm: Millis;
    readonly after: Millis;
    readonly end: Millis;
  };
  /** The resident memory, in MiB, a minute into the storm and at its end, without garbage. */
  readonly heldMb: { readonly early: number; readonly late: number };
  /** Loads begun in the storm. */
  readonly loads: number;
  /** How much of one core the scheduler took in the storm. */
  readonly cpuShare: number;
}

const STRETCH: Millis = 60_000;
/** Standard deviations above the mean of a normal distribution that one in a hundred exceeds. */
const ONE_IN_100 = 2.33;
const CLASSES: readonly Class[] = ['critical', 'default', 'sheddable'];

/**
 * Its peak is the best minute, before the storm or in it: what collapses under a storm shows as a goodput that falls. Told beside
 * it is the same of those alone that waited for a load: they are fewer where more is kept warm.
 */
export function goodputFigure(workload: Workload, { outcomes, times, loads, cpuShare }: Seen): Figure {
  const { normal, storm, after } = times;
  const ofPeak = (some: readonly Outcome[]): number =>
    goodput(some, storm, after) / bestGoodput(some, normal, after, STRETCH);
  const stormy = between(outcomes, storm, after);
  const value = ofPeak(outcomes);
  const seconds = (after - storm) / 1_000;
  const cold = stormy.filter(({ answer }) => answer !== 'warm').length;
  return {
    ...{ name: 'overload_goodput', value, unit: 'share of its peak' },
    ...{ goal: '>= 0.95', met: value >= 0.95 },
    details: {
      ...{
        perSecond: rounded(goodput(outcomes, storm, after)),
        coldOfPeak: rounded(ofPeak(coldOf(outcomes))),
      },
      ...{ beforePerSecond: rounded(goodput(outcomes, normal, storm)) },
      ...{ slotsPerSecond: rounded(capacityOf(workload)), loadsPerSecond: rounded(loads / seconds) },
      ...{ askedPerSecond: rounded(10 * rateOf(workload)), coldPerSecond: rounded(cold / seconds) },
      ...{ answers: answerCounts(stormy), cpuShare: rounded(cpuShare) },
    },
  };
}

/**
 * Critical requests alone are below what the slots can load, so that only the load itself keeps one from being served.
 * A request is feasible if it came when the model was ready. It also is if it alone could have waited for an unload
 * that makes room, and for a load as long as one in a hundred.
 */
export function criticalFigure({ models, loadSpread }: Workload, { outcomes, times }: Seen): Figure {
  const stormy = between(outcomes, times.storm, times.after);
  const longest = Math.exp(ONE_IN_100 * loadSpread);
  const needsMs = new Map(models.map(({ name, loadMs }) => [name, UNLOAD_MS + longest * loadMs]));
  const critical = stormy.filter((one) => one.class === 'critical');
  const feasible = critical.filter((one) => one.answer === 'warm' || one.wait > needsMs.get(one.model)!);
  const value = share(feasible, isInTime);
  const inTime = CLASSES.map((of) => [
    of,
    rounded(
      share(
        stormy.filter((one) => one.class === of),
        isInTime,
      ),
    ),
  ]);
  return {
    ...{ name: 'overload_critical', value, unit: 'share of the feasible served in time' },
    ...{ goal: '>= 0.99', met: value >= 0.99 },
    details: {
      ...{ feasible: feasible.length, critical: critical.length, answers: answerCounts(feasible) },
      inTimeByClass: Object.fromEntries(inTime) as Record<Class, number>,
    },
  };
}

export function memoryFigure({ heldMb: { early, late } }: Seen): Figure {
  const value = late / early - 1;
  return {
    ...{ name: 'overload_memory', value, unit: 'growth of the resident memory in the storm' },
    ...{ goal: '<= 0.1', met: value <= 0.1 },
    details: { earlyMb: rounded(early), lateMb: rounded(late) },
  };
}

export function recoveryFigure({ models }: Workload, { outcomes, times }: Seen): Figure {
  const { normal, storm, after, end } = times;
  const most =
    2 *
    quantile(
      models.map(({ loadMs }) => loadMs),
      0.99,
    );
  const value = recovery(outcomes, worstLook(outcomes, normal, storm), after, end);
  return {
    ...{ name: 'overload_recovery', value, unit: 'ms until all is as before' },
    ...{ goal: `<= ${most} (twice the P99 load)`, met: value <= most },
    details: {
      before: lookAt(outcomes, normal, storm),
      storm: lookAt(outcomes, storm, after),
      after: lookAt(outcomes, after, end),
    },
  };
}

/** Told without a goal: what a warm request waits for is the processor, which the callers share here. */
export function warmFigure({ outcomes, times }: Seen): Figure {
  const p99 = (from: Millis, to: Millis): number =>
    quantile(
      between(outcomes, from, to)
        .filter(({ answer }) => answer === 'warm')
        .map(waited),
      0.99,
    );
  return {
    ...{ name: 'overload_warm', value: p99(times.storm, times.after), unit: 'ms, p99 of warm requests' },
    ...{ goal: 'none', met: true },
    details: { beforeMs: rounded(p99(times.normal, times.storm)) },
  };
}
