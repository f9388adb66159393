import type { Millis } from '#core';
import { type Figure, quantile, rounded } from '../figure.js';
import { answerCounts, isInTime, type Outcome, share, waited } from '../storm/outcomes.js';
import { type IfAdmitted, isRefusedForWant, type Played, servedPerSecond, type Told } from './playing.js';
import { type Scenario, SMALL } from './scenarios.js';

/** A scenario as it was played. */
export interface Result {
  readonly scenario: Scenario;
  readonly real: Played;
  /** The requests of the small tenant, without those that flood. */
  readonly alone?: Played;
}

/** What one scenario adds to a figure: its own value, and the totals behind it. */
interface Part {
  readonly scenario: string;
  readonly value: number;
  readonly of: readonly number[];
}

/** A refusal that comes sooner is told at once: nothing was waited for. */
export const AT_ONCE: Millis = 100;
const SHORT: Millis = 5_000;
const HALF_LOADED = 0.5;

const GOALS = { kept: 0.98, keptSlow: 0.88, wouldHave: 0.1, wouldHaveOfAll: 0.01, small: 0.9 };

/** Every figure that these results have something to say of. */
export function figuresOf(results: readonly Result[]): Figure[] {
  const figures = [...honestyFigures(results), ...fairnessFigures(results)];
  return figures.flatMap((figure) => figure ?? []);
}

/** Whether it is true what requests are told. */
function honestyFigures(results: readonly Result[]): (Figure | undefined)[] {
  const isSlow = ({ scenario }: Result): boolean => scenario.workload.slow !== undefined;
  const usual = results.filter((one) => !isSlow(one)).flatMap(keptOf);
  const slow = results.filter(isSlow).flatMap(keptOf);
  const ofAll = results.flatMap(ofAllOf);
  return [
    least('promise_kept', 'share of promised requests served in time', GOALS.kept, usual),
    least('promise_kept_slow', 'the same with 2 % of loads of 5 x their P90', GOALS.keptSlow, slow),
    unlisted(results),
    most('promise_refusal', 'ms until a refusal is told, p95', AT_ONCE, results.flatMap(toldOf)),
    wouldHave(results),
    most('promise_regret_half', 'share of all, at half the load', GOALS.wouldHaveOfAll, ofAll),
  ];
}

/** What becomes of long waits beside short ones, and of a small tenant beside a flood. */
function fairnessFigures(results: readonly Result[]): (Figure | undefined)[] {
  const long = results.flatMap(longOf);
  const small = results.flatMap(smallOf);
  return [
    most('promise_long', 'long promises lost beside short waits', 0, long),
    least('promise_small', 'served of a small tenant beside a flood, x alone', GOALS.small, small),
  ];
}

/** The worst of all is what counts, and has to be so much at least. */
function least(name: string, unit: string, goal: number, parts: readonly Part[]): Figure | undefined {
  return figure({ name, unit }, `>= ${goal}`, parts, Math.min, (value) => value >= goal);
}

/** The same, so much at the most. */
function most(name: string, unit: string, goal: number, parts: readonly Part[]): Figure | undefined {
  return figure({ name, unit }, `<= ${goal}`, parts, Math.max, (value) => value <= goal);
}

function figure(
  of: Pick<Figure, 'name' | 'unit'>,
  goal: string,
  all: readonly Part[],
  worst: (...values: number[]) => number,
  isMet: (value: number) => boolean,
): Figure | undefined {
  const parts = all.filter(({ value }) => Number.isFinite(value));
  if (parts.length === 0) return undefined;
  const value = worst(...parts.map((part) => part.value));
  const met = parts.filter((part) => isMet(part.value)).length;
  return {
    ...{ ...of, value, goal, met: isMet(value) },
    details: { scenariosMet: `${met} of ${parts.length}`, ...totals(parts) },
  };
}

/** By scenario: the value, and what it is made of. */
const totals = (parts: readonly Part[]): Record<string, unknown> => ({
  scenarios: Object.fromEntries(
    parts.map(({ scenario, value, of }) => [scenario, [rounded(value), ...of.map(rounded)]]),
  ),
});

const promisedOf = ({ all }: Played): Told[] => all.filter(({ isPromised }) => isPromised);

function keptOf({ scenario: { name }, real }: Result): Part[] {
  const promised = promisedOf(real);
  const kept = promised.filter(isInTime);
  return [{ scenario: name, value: kept.length / promised.length, of: [kept.length, promised.length] }];
}

/** All of them count; beside it stands how those that broke were answered, and the causes that were told. */
function unlisted(results: readonly Result[]): Figure {
  const broken = results.flatMap(({ real }) => promisedOf(real)).filter((one) => !isInTime(one));
  const [listed, others] = [broken.filter(({ cause }) => cause), broken.filter(({ cause }) => !cause)];
  const causes = listed.map((one) => ({ ...one, answer: one.cause! }));
  return {
    ...{ name: 'promise_unlisted', value: others.length, unit: 'promises broken for no listed cause' },
    ...{ goal: '0', met: others.length === 0 },
    details: {
      ...{ promised: results.flatMap(({ real }) => promisedOf(real)).length, broken: broken.length },
      ...{ unlisted: answerCounts(others), listed: answerCounts(causes) },
    },
  };
}

function toldOf({ scenario: { name }, real }: Result): Part[] {
  const waits = real.all.filter((one) => !isInTime(one)).map(waited);
  return [{ scenario: name, value: quantile(waits, 0.95), of: [quantile(waits, 0.5), waits.length] }];
}

const isServedThen = ({ isServed }: IfAdmitted): boolean => isServed;

/** All samples of all scenarios, since those of one are few. `takingNone`: the part for which as many promises are kept. */
function wouldHave(results: readonly Result[]): Figure | undefined {
  const parts = results.map(({ scenario: { name }, real }): Part => {
    const made = real.wouldHave.filter(isServedThen).length;
    return { scenario: name, value: made / real.wouldHave.length, of: [made, real.wouldHave.length] };
  });
  const samples = results.flatMap(({ real }) => real.wouldHave);
  if (samples.length === 0) return undefined;
  const value = share(samples, isServedThen);
  const takingNone = share(samples, (one) => isServedThen(one) && !one.costsOthers);
  return {
    ...{ name: 'promise_regret', value, unit: 'share of refused requests that would have been served' },
    ...{ goal: `<= ${GOALS.wouldHave}`, met: value <= GOALS.wouldHave },
    details: {
      sampled: samples.length,
      takingNone: rounded(takingNone),
      ...totals(parts.filter((part) => Number.isFinite(part.value))),
    },
  };
}

function ofAllOf({ scenario: { name, load }, real }: Result): Part[] {
  if (load !== HALF_LOADED) return [];
  const refused = real.all.filter(isRefusedForWant).length;
  const part = real.wouldHave.length === 0 ? 0 : share(real.wouldHave, isServedThen);
  return [{ scenario: name, value: (part * refused) / real.all.length, of: [refused, real.all.length] }];
}

const isShort = ({ wait }: Outcome): boolean => wait <= SHORT;

function longOf({ scenario: { name, waits }, real }: Result): Part[] {
  if (waits.length === 1) return [];
  const long = promisedOf(real).filter((one) => !isShort(one));
  return [{ scenario: name, value: long.filter((one) => !isInTime(one)).length, of: [long.length] }];
}

function smallOf({ scenario: { name }, real, alone }: Result): Part[] {
  if (!alone) return [];
  const served = ({ all }: Played): number =>
    all.filter((one) => one.tenant === SMALL && isInTime(one)).length;
  return [{ scenario: name, value: served(real) / served(alone), of: [served(real), served(alone)] }];
}

/** One line for people on what became of a scenario. */
export function lineOn({ scenario: { name }, real, alone }: Result): string {
  const others = alone ? [`alone ${perSecond(alone)}`] : [];
  const promised = promisedOf(real);
  const kept = share(promised, isInTime);
  return [
    ...[name, `served ${perSecond(real)}`, ...others],
    `kept ${rounded(kept)} of ${promised.length}`,
    `loads a second ${rounded(real.loads / real.seconds)}`,
    `would have ${real.wouldHave.filter(isServedThen).length} of ${real.wouldHave.length}`,
    JSON.stringify(answerCounts(real.all)),
    `broken ${JSON.stringify(answerCounts(promised.filter((one) => !isInTime(one))))}`,
  ].join('; ');
}

const perSecond = (played: Played): string =>
  `${rounded(servedPerSecond(played, false))}/s (cold ${rounded(servedPerSecond(played, true))})`;
