import { CorePlay, FIRST_ARRIVAL_MS, type Turn } from './core-play.js';
import { DEVICES_PER_SERVER, MODELS, SERVERS } from './core-site.js';
import { type Figure, median, quantile, rounded } from './figure.js';

const GOAL_MS = 0.5;
const WARM_UP_MS = 5_000;
const ROUNDS = 12;
const ROUND_MS = 5_000;

/** What one turn of the core takes when every device is full and each cold request has to evict. */
export async function coreTurn(): Promise<Figure> {
  const play = new CorePlay();
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
      ...{ turns: turns.length, models: MODELS, devices: SERVERS * DEVICES_PER_SERVER, ready },
      ...{ evicted: counts.unload - before.unload, loaded: counts.load - before.load },
      refused: counts.refuse - before.refuse,
    },
  };
}

function mediansByKind(turns: readonly Turn[]): Record<string, number> {
  const kinds = [...new Set(turns.map(({ kind }) => kind))];
  const of = (kind: string): number[] =>
    turns.filter((turn) => turn.kind === kind).map(({ tookMs }) => tookMs);
  return Object.fromEntries(kinds.map((kind) => [kind, rounded(median(of(kind)))]));
}
