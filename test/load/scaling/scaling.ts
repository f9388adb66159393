import { type Figure, hint, rounded } from '../figure.js';
import { autoscaled, fixed, minutesOf, type Played, serversBy, turnsOf } from './autoscaler.js';
import { scalingSpeed } from './speed.js';
import { quietAtNight, readTrace, type Trace } from './trace.js';
import { BerthWants, RateWants } from './wanting.js';

/** The most cold waits that there should be, beside a fixed fleet of the same server-hours; null: only told. */
const STEADY: Readonly<Record<string, number | null>> = {
  'azure2019-dev': 1.05,
  'servegen-day3': 1.05,
  'azure2019-500': null,
};
const NIGHTS: Readonly<Record<string, number>> = { 'azure2019-dev': 0.65, 'servegen-day3': 0.65 };
/** The same beside an autoscaler by the rate of requests, where nights are quiet. */
const BY_RATE = 0.95;
const MAX_TURNS = 40;
const DAY_MINUTES = 1_440;

/** What `GET /v1/scaling` takes, and what comes of obeying it. */
export function scaling(folder: string): Figure[] {
  const figures = scalingSpeed();
  for (const [name, goal] of Object.entries(STEADY)) {
    const trace = readTrace(name, folder);
    if (trace === null) {
      hint(
        `MISSING: the trace ${name} is not on this machine: what obeying the numbers brings was not measured`,
      );
      continue;
    }
    figures.push(steady(trace, goal));
    const nights = NIGHTS[name];
    if (nights !== undefined) figures.push(...quiet(quietAtNight(trace), nights));
  }
  return figures;
}

/** How far a fleet that obeys is from others of the same size on the average. */
interface Compared {
  readonly byFixed: number;
  readonly byRate: number;
  readonly turns: number;
  readonly details: Figure['details'];
}

function steady(trace: Trace, goal: number | null): Figure {
  const { byFixed, byRate, turns, details } = compared(trace);
  return {
    ...{ name: `scaling_${trace.name}`, value: byFixed, unit: 'x the cold waits of a fixed fleet' },
    ...{ goal: goal === null ? 'none' : `<= ${goal}`, met: goal === null || byFixed <= goal },
    details: { ...details, byRate: rounded(byRate), turns: rounded(turns) },
  };
}

function quiet(trace: Trace, goal: number): Figure[] {
  const { byFixed, byRate, turns, details } = compared(trace);
  const name = `scaling_${trace.name}`;
  return [
    {
      ...{ name, value: byFixed, unit: 'x the cold waits of a fixed fleet' },
      ...{ goal: `<= ${goal}`, met: byFixed <= goal, details },
    },
    {
      ...{ name: `${name}_rate`, value: byRate, unit: 'x the cold waits of scaling by request rate' },
      ...{ goal: `<= ${BY_RATE}`, met: byRate <= BY_RATE, details: {} },
    },
    {
      ...{ name: `${name}_turns`, value: turns, unit: 'turns of direction a day' },
      ...{ goal: `<= ${MAX_TURNS}`, met: turns <= MAX_TURNS, details: {} },
    },
  ];
}

/** Both fleets begin with the servers that are there on the average: what that is follows from a run of its own. */
function compared(trace: Trace): Compared {
  const minutes = minutesOf(trace);
  const play = (first: number): Played => autoscaled(minutes, new BerthWants(trace), first);
  const first = Math.round(meanOf(play(0)));
  const obeyed = play(first);
  const mean = meanOf(obeyed);
  const each = perRequest(minutes, mean, first);
  const rated = autoscaled(minutes, new RateWants(each, first), first);
  const least = fixed(minutes, Math.floor(mean));
  const share = mean - Math.floor(mean);
  const still = share === 0 ? least : least * (1 - share) + fixed(minutes, Math.ceil(mean)) * share;
  return {
    byFixed: obeyed.waited / still,
    byRate: obeyed.waited / rated.waited,
    turns: (turnsOf(obeyed.servers) * DAY_MINUTES) / trace.minutes,
    details: {
      servers: { least: Math.min(...obeyed.servers), mean: rounded(mean), most: Math.max(...obeyed.servers) },
      meanByRate: rounded(meanOf(rated)),
      waitedS: rounded(obeyed.waited),
      models: trace.models.length,
    },
  };
}

const meanOf = ({ servers }: Played): number => servers.reduce((a, b) => a + b, 0) / servers.length;

const HALVINGS = 30;

/** For how many requests a minute one server is there, so that there are as many on the average. */
function perRequest(minutes: ReturnType<typeof minutesOf>, mean: number, first: number): number {
  let [low, high] = [0, 1];
  for (let nth = 0; nth < HALVINGS; nth += 1) {
    const middle = (low + high) / 2;
    if (serversBy(minutes, new RateWants(middle, first)) / minutes.length > mean) high = middle;
    else low = middle;
  }
  return low;
}
