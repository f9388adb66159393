import type { Millis, RequestId, TenantId } from '#core';
import { Random } from '../../simulation/random.js';
import type { Answered, Ask } from '../storm/virtual-site.js';

const TENANT = 'callers' as TenantId;
export const LEASE: Millis = 500;

/** What is asked for in a play, and what callers ask for after an answer. */
export interface Demand {
  readonly asks: readonly Ask[];
  readonly next: (answered: Answered) => Ask | null;
  /** Whether callers ask on as long as they are answered. */
  readonly isClosed: boolean;
}

interface Steady {
  readonly models: number;
  readonly wait: Millis;
  readonly every: Millis;
  readonly end: Millis;
  readonly seed: number;
}

/** One request after another at an even pace, for any model as often as for the others. */
export function steady({ models, wait, every, end, seed }: Steady): Demand {
  const random = new Random(seed, 'steady');
  const asks = Array.from({ length: Math.floor(end / every) }, (_, nth) => {
    const model = random.between(0, models - 1);
    return askOf(`r${nth}`, { at: (nth + 1) * every, model: `m${model}`, wait });
  });
  return { asks, next: () => null, isClosed: false };
}

interface FirstThen {
  readonly places: number;
  readonly comesAt: Millis;
  readonly swaps: number;
  readonly every: Millis;
}

/** The first models at once, one for each place, so that none is measured; and from then on one after another of the others. */
export function firstThen(
  { places, comesAt, swaps, every }: FirstThen,
  models: number,
  wait: Millis,
): Demand {
  const first = Array.from({ length: places }, (_, at) => {
    return askOf(`f${at}`, { at: every, model: `m${at}`, wait });
  });
  const then = Array.from({ length: swaps }, (_, nth) => {
    const model = places + (nth % (models - places));
    return askOf(`r${nth}`, { at: comesAt + (nth + 1) * every, model: `m${model}`, wait });
  });
  return { asks: [...first, ...then], next: () => null, isClosed: false };
}

const CALLERS = 40;
const PATIENCE: Millis = 60_000;
/** From the end of a lease until the caller asks again: this, and up to as much again. */
const THINK: Millis = 300;
/** A caller that was refused asks again after so long. */
const BACK_OFF: Millis = 1_000;
/** Popularity falls with the rank to this power. */
const ZIPF = 1;

/** Callers that each wait for an answer, use the route for a lease, and ask for another model. */
export function closedLoop(models: number, seed: number): Demand {
  const pick = zipf(models);
  const ask = (caller: number, nth: number, after: Millis): Ask => {
    const random = new Random(seed, `c${caller}-${nth}`);
    const at = after + THINK * (1 + random.next());
    return askOf(`c${caller}-${nth}`, { at, model: `m${pick(random.next())}`, wait: PATIENCE });
  };
  const asks = Array.from({ length: CALLERS }, (_, caller) => ask(caller, 0, 0));
  const next = ({ id, answer, answeredAt, lease }: Answered): Ask => {
    const [caller = 0, nth = 0] = id.slice(1).split('-').map(Number);
    const isServed = answer === 'warm' || answer === 'cold';
    return ask(caller, nth + 1, answeredAt + (isServed ? lease : BACK_OFF));
  };
  return { asks, next, isClosed: true };
}

const askOf = (id: string, said: { at: Millis; model: string; wait: Millis }): Ask => ({
  ...{ id: id as RequestId, class: 'default', lease: LEASE, tenant: TENANT },
  ...said,
});

/** The rank at a share of all requests, from 0 up to 1. */
function zipf(count: number): (share: number) => number {
  let sum = 0;
  const sums = Array.from({ length: count }, (_, at) => (sum += (at + 1) ** -ZIPF));
  return (share) => sums.findIndex((upTo) => share * sum < upTo);
}
