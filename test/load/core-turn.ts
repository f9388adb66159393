import { CorePlay, FIRST_ARRIVAL_MS, type Turn } from './core-play.js';
import { DEVICES_PER_SERVER, LARGE, type Scale, SMALL } from './core-site.js';
import { type Figure, median, quantile, rounded } from './figure.js';

const GOAL_MS = 0.5;
const WARM_UP_MS = 5_000;
const ROUNDS = 12;
const ROUND_MS = 5_000;

/** What one turn of the core takes when every device is full and each cold request has to evict. */
export async function coreTurn(): Promise<Figure> {
  const play = new CorePlay(SMALL);
  await play.until(FIRST_ARRIVAL_MS + WARM_UP_MS);
  const { ready, counts } = play;
  const before = { ...counts };
  const rounds: (readonly Turn[])[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    rounds.push(await play.record(FIRST_ARRIVAL_MS + WARM_UP_MS + round * ROUND_MS));
  }
  const p50s = rounds.map((turns) => median(turns.map(({ tookMs }) => tookMs)));
  const value = median(p50s);
  const turns = rounds.flat();
  const all = turns.map(({ tookMs }) => tookMs);
  return {
    ...{ name: 'core_turn', value, unit: 'ms, p50', goal: `<= ${GOAL_MS}`, met: value <= GOAL_MS },
    details: {
      p99: rounded(quantile(all, 0.99)),
      p50OfRounds: p50s.map(rounded),
      p50ByWhatHappened: mediansByKind(turns),
      ...{ turns: turns.length, ...sizeOf(SMALL), ready },
      ...{ evicted: counts.unload - before.unload, loaded: counts.load - before.load },
      refused: counts.refuse - before.refuse,
    },
  };
}

const sizeOf = ({ models, servers }: Scale): object => ({ models, devices: servers * DEVICES_PER_SERVER });

const GROWTH_GOAL = 2.5;
/** The goal is of turns in which no more happens than this: after a start all servers are looked at in the same moment. */
const P99_GOAL_MS = 2;
const MAX_CHANGES = 100;
const SCALE_ROUNDS = 5;

/** What one turn takes in a fleet ten times as large, beside the small one in the same run: round by round in turns. */
export async function coreGrowth(): Promise<Figure[]> {
  const plays = { small: new CorePlay(SMALL), large: new CorePlay(LARGE) };
  const turns = { small: [] as Turn[], large: [] as Turn[] };
  for (const play of Object.values(plays)) await play.until(FIRST_ARRIVAL_MS + WARM_UP_MS);
  for (let round = 1; round <= SCALE_ROUNDS; round += 1) {
    const end = FIRST_ARRIVAL_MS + WARM_UP_MS + round * ROUND_MS;
    turns.small.push(...(await plays.small.record(end)));
    turns.large.push(...(await plays.large.record(end)));
  }
  const took = (scale: 'small' | 'large', share: number): number => {
    const some = turns[scale].filter(({ changes }) => changes <= MAX_CHANGES);
    return quantile(
      some.map(({ tookMs }) => tookMs),
      share,
    );
  };
  const growth = took('large', 0.5) / took('small', 0.5);
  const p99 = took('large', 0.99);
  const details = {
    p50: { small: rounded(took('small', 0.5)), large: rounded(took('large', 0.5)) },
    p99: { small: rounded(took('small', 0.99)), large: rounded(p99) },
    p50ByWhatHappened: mediansByKind(turns.large),
    ...{ turns: turns.large.length, ...sizeOf(LARGE), ready: plays.large.ready },
    leftOut: turns.large.filter(({ changes }) => changes > MAX_CHANGES).length,
  };
  return [
    {
      ...{ name: 'core_turn_large', value: p99, unit: 'ms, p99' },
      ...{ goal: `<= ${P99_GOAL_MS}`, met: p99 <= P99_GOAL_MS, details },
    },
    {
      ...{ name: 'core_turn_growth', value: growth, unit: 'x, p50 at 10 x the models' },
      ...{ goal: `<= ${GROWTH_GOAL}`, met: growth <= GROWTH_GOAL, details: {} },
    },
  ];
}

/** As many arrivals as keep about 200 jobs in line: what has its place waits a second for what leaves and for its slot. */
const LINED_ARRIVAL_MS = 10;
const LINED_WARM_UP_MS = 2_000;
const LINED_MS = 3_000;

/** What one turn of the large fleet takes with 200 jobs in line. */
export async function coreLine(): Promise<Figure> {
  const play = new CorePlay(LARGE, LINED_ARRIVAL_MS);
  await play.until(FIRST_ARRIVAL_MS + LINED_WARM_UP_MS);
  const jobs = [play.jobs];
  const turns = (await play.record(FIRST_ARRIVAL_MS + LINED_WARM_UP_MS + LINED_MS)).filter(
    ({ changes }) => changes <= MAX_CHANGES,
  );
  jobs.push(play.jobs);
  const all = turns.map(({ tookMs }) => tookMs);
  const p99 = quantile(all, 0.99);
  return {
    ...{
      name: 'core_turn_line',
      value: p99,
      unit: 'ms, p99',
      goal: `<= ${P99_GOAL_MS}`,
      met: p99 <= P99_GOAL_MS,
    },
    details: {
      p50: rounded(quantile(all, 0.5)),
      p50ByWhatHappened: mediansByKind(turns),
      ...{ jobs, turns: turns.length, ...sizeOf(LARGE) },
    },
  };
}

function mediansByKind(turns: readonly Turn[]): Record<string, number> {
  const kinds = [...new Set(turns.map(({ kind }) => kind))];
  const of = (kind: string): number[] =>
    turns.filter((turn) => turn.kind === kind).map(({ tookMs }) => tookMs);
  return Object.fromEntries(kinds.map((kind) => [kind, rounded(median(of(kind)))]));
}
