import type { Millis, RequestId, TenantId } from '#core';
import { Random } from '../../simulation/random.js';
import { ONE_IN_10 } from '../storm/virtual-fleet.js';
import type { Ask } from '../storm/virtual-site.js';
import { HELD_MB, type Workload } from '../storm/workload.js';

type Demand = 'uniform' | 'zipf';

/** What is asked of the small fleet, and for how long. */
export interface Scenario {
  readonly name: string;
  readonly demand: Demand;
  readonly workload: Workload;
  /**
   * Cold requests a second, in units of the loads a second that slots and swaps allow. Requests for one model share a
   * load, so that 10 x asks for fewer than ten times as many loads. Residency is left out: with the usual 30 s it allows
   * 0.4 loads a second on 12 places, and 0.5 x is more than can be loaded.
   */
  readonly load: number;
  /** Each as often as the others. */
  readonly waits: readonly Millis[];
  readonly lease: Millis;
  /** One that sends a small part of all requests, beside one that floods. */
  readonly hasTenants: boolean;
  /** What happens is heard so often: many requests share a turn. */
  readonly grain: Millis;
  /** Of the loads: P90 over P50. */
  readonly spread: number;
  /** From then on it counts: memory has filled, and load times are learned. */
  readonly learned: Millis;
  readonly end: Millis;
}

const MODELS = 60;
const SERVERS = 2;
const GPUS = 2;
const PLACES = 3;
const MODEL_MB = 4_096;
const MEDIAN_LOAD: Millis = 1_300;
const SWAPS_PER_MINUTE = 20;
const ZIPF = 0.9;
/** Without refusals for full queues: these are no part of what is asked. */
const QUEUE = 20_000;
export const NARROW = 1.2;
const WIDE = 1.7;
/** Requests a second. */
const MANY = 50;
const FINE: Millis = 20;
const COARSE: Millis = 50;
const LOADS = [0.5, 1, 2, 4, 10];
/** The scenario that was measured first, by its requests a second. */
const FIRST_RATE = 200;
const FLOOD = 100;
const SMALL_SHARE = 0.05;
export const SMALL = 'small' as TenantId;
const FLOODER = 'flooder' as TenantId;
const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const QUICK = { lease: 500, residency: SECOND, learned: MINUTE };
const USUAL = { lease: 10 * SECOND, residency: 30 * SECOND, learned: 2 * MINUTE };
/** It lasts until so many requests have come, within bounds, and whole minutes: swaps are counted by the minute. */
const REQUESTS = 1_200;
const LEAST: Millis = 2 * MINUTE;
const MOST: Millis = 6 * MINUTE;

interface Parts {
  readonly name: string;
  readonly demand: Demand;
  /** Of the loads: P90 over P50. */
  readonly spread?: number;
  readonly load: number;
  readonly waits: readonly Millis[];
  readonly settings?: typeof QUICK;
  readonly slow?: Workload['slow'];
  readonly hasTenants?: boolean;
}

/** All that is played; the first one is also played on processes. */
export function scenarios(): readonly Scenario[] {
  return (['uniform', 'zipf'] as const).flatMap((demand) => scenariosOf(demand).map(scenarioOf));
}

function scenariosOf(demand: Demand): readonly Parts[] {
  const short = { demand, waits: [5 * SECOND] };
  const slow = { share: 0.02, times: 5 };
  const first = FIRST_RATE / rateAt(1, demand);
  const usual = [20, 60].flatMap((wait) =>
    LOADS.map((load) => ({
      ...{ name: `usual-${demand}-${wait}s-x${load}`, demand, load },
      ...{ waits: [wait * SECOND], settings: USUAL },
    })),
  );
  return [
    { ...short, name: `first-${demand}`, load: first },
    { ...short, name: `first-${demand}-wide`, load: first, spread: WIDE },
    ...LOADS.map((load) => ({ ...short, name: `${demand}-x${load}`, load })),
    ...[1, 4].map((load) => ({ ...short, name: `${demand}-wide-x${load}`, load, spread: WIDE })),
    ...usual,
    { ...short, name: `slow-${demand}-x4`, load: 4, slow },
    { demand, name: `mixed-${demand}-x4`, load: 4, waits: [5 * SECOND, 60 * SECOND] },
    { demand, name: `flood-${demand}`, load: FLOOD, waits: [20 * SECOND], hasTenants: true },
  ];
}

function scenarioOf(parts: Parts): Scenario {
  const { name, demand, load, waits, spread = NARROW, settings = QUICK, slow, hasTenants = false } = parts;
  const { lease, learned, residency } = settings;
  const enough = Math.ceil((REQUESTS / rateAt(load, demand)) * (SECOND / MINUTE)) * MINUTE;
  const lasts = Math.min(MOST, Math.max(LEAST, enough));
  const models = Array.from({ length: MODELS }, (_, at) => {
    return { name: `m${at}`, mb: MODEL_MB, loadMs: MEDIAN_LOAD };
  });
  const workload: Workload = {
    ...{ servers: SERVERS, gpus: GPUS, gpuMb: PLACES * MODEL_MB + HELD_MB, models },
    ...{ queue: QUEUE, queuePerModel: QUEUE },
    ...{ loadsPerServer: GPUS, loadsPerDevice: 1, swapsPerMinute: SWAPS_PER_MINUTE },
    ...{ residencyMs: residency, loadSpread: Math.log(spread) / ONE_IN_10, ...(slow && { slow }) },
  };
  const grain = rateAt(load, demand) > MANY ? COARSE : FINE;
  const times = { lease, learned, grain, end: learned + lasts };
  return { name, demand, workload, load, waits, spread, hasTenants, ...times };
}

/** Requests a second at a load: those for the models that fit, at the best choice of them, come on top of the cold ones. */
function rateAt(load: number, demand: Demand): number {
  const weights = weightsOf(demand);
  const warm = weights.slice(0, SERVERS * GPUS * PLACES).reduce((sum, one) => sum + one, 0);
  const slots = (SERVERS * GPUS) / (MEDIAN_LOAD / SECOND);
  const swaps = (SERVERS * GPUS * SWAPS_PER_MINUTE) / (MINUTE / SECOND);
  return (load * Math.min(slots, swaps)) / (1 - warm);
}

/** The share of requests for each model. */
function weightsOf(demand: Demand): readonly number[] {
  const weights = Array.from({ length: MODELS }, (_, at) => (demand === 'zipf' ? (at + 1) ** -ZIPF : 1));
  const sum = weights.reduce((all, one) => all + one, 0);
  return weights.map((one) => one / sum);
}

/** Poisson arrivals, the same in every play. */
export function asksOf({ demand, load, waits, lease, hasTenants, end }: Scenario): readonly Ask[] {
  const random = new Random(20, 'promises');
  const perMs = rateAt(load, demand) / SECOND;
  let sum = 0;
  const sums = weightsOf(demand).map((weight) => (sum += weight));
  const asks: Ask[] = [];
  const gap = (): Millis => -Math.log(1 - random.next()) / perMs;
  // Those that come after the end keep the load up for the last that count.
  for (let at = gap(); at < end + Math.max(...waits); at += gap()) {
    const share = random.next() * sum;
    const model = `m${sums.findIndex((upTo) => share < upTo)}`;
    const wait = random.pick(waits);
    const isSmall = random.chance(SMALL_SHARE);
    const tenant = hasTenants && !isSmall ? FLOODER : SMALL;
    asks.push({ id: `r${asks.length}` as RequestId, at, model, class: 'default', wait, lease, tenant });
  }
  return asks;
}
