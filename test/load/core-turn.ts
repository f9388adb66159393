import { CorePlay, FIRST_ARRIVAL_MS } from './core-play.js';
import { DEVICES_PER_SERVER, MODELS, SERVERS } from './core-site.js';
import { type Figure, median, quantile, rounded } from './figure.js';

const GOAL_MS = 0.5;
const WARM_UP_MS = 5_000;
const MEASURED_MS = 20_000;

/** What one turn of the core takes when every device is full and each cold request has to evict. */
export async function coreTurn(): Promise<Figure> {
  const play = new CorePlay();
  await play.until(FIRST_ARRIVAL_MS + WARM_UP_MS);
  const { ready, counts } = play;
  const before = { ...counts };
  play.turns.length = 0;
  await play.until(FIRST_ARRIVAL_MS + WARM_UP_MS + MEASURED_MS);
  const cpu = play.turns.map(({ cpuMs }) => cpuMs);
  const value = median(cpu);
  return {
    ...{ name: 'core_turn', value, unit: 'ms of CPU, p50', goal: `<= ${GOAL_MS}`, met: value <= GOAL_MS },
    details: {
      ...{
        p99: rounded(quantile(cpu, 0.99)),
        wallP50: rounded(median(play.turns.map(({ wallMs }) => wallMs))),
      },
      p50ByWhatHappened: mediansByKind(play),
      ...{ turns: cpu.length, models: MODELS, devices: SERVERS * DEVICES_PER_SERVER, ready },
      ...{ evicted: counts.unload - before.unload, loaded: counts.load - before.load },
      refused: counts.refuse - before.refuse,
    },
  };
}

function mediansByKind({ turns }: CorePlay): Record<string, number> {
  const kinds = [...new Set(turns.map(({ kind }) => kind))];
  const cpuOf = (kind: string): number[] =>
    turns.filter((turn) => turn.kind === kind).map(({ cpuMs }) => cpuMs);
  return Object.fromEntries(kinds.map((kind) => [kind, rounded(median(cpuOf(kind)))]));
}
