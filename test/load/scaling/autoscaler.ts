import { Pools } from './pools.js';
import type { Trace, TracedModel } from './trace.js';
import type { RateWants, Wanting } from './wanting.js';

const BOOT_MINUTES = 3;

/** What came of a trace. */
export interface Played {
  /** Seconds that requests waited for loads. */
  readonly waited: number;
  /** Servers that were there or booting, in each minute. */
  readonly servers: readonly number[];
}

/** The models that are asked for in each minute. */
export const minutesOf = ({ models, minutes }: Trace): readonly (readonly TracedModel[])[] =>
  Array.from({ length: minutes }, (_, minute) => models.filter(({ asked }) => asked[minute]! > 0));

/**
 * A fleet that is as large as it is said to be: a new server takes 3 minutes, one that is not wanted goes at once.
 * `first` are there when the trace begins.
 */
export function autoscaled(minutes: ReturnType<typeof minutesOf>, wanting: Wanting, first: number): Played {
  const pools = new Pools();
  const booting: { readonly name: string; readonly ready: number }[] = [];
  const servers: number[] = [];
  let started = 0;
  while (started < first) pools.add(`server-${(started += 1)}`);
  for (const [minute, asked] of minutes.entries()) {
    while (booting[0] && booting[0].ready <= minute) pools.add(booting.shift()!.name);
    pools.ask(asked, minute);
    const wanted = wanting.wanted(asked, minute, pools);
    while (pools.servers.length + booting.length < wanted) {
      booting.push({ name: `server-${(started += 1)}`, ready: minute + BOOT_MINUTES });
    }
    shrink(pools, booting, wanted, () => wanting.leastMissed(pools, minute));
    servers.push(pools.servers.length + booting.length);
  }
  return { waited: pools.waited, servers };
}

function shrink(pools: Pools, booting: unknown[], wanted: number, order: () => readonly string[]): void {
  while (booting.length > 0 && pools.servers.length + booting.length > wanted) booting.pop();
  const surplus = pools.servers.length - wanted;
  if (surplus > 0) for (const server of order().slice(0, surplus)) pools.remove(server);
}

/** The same work on a fleet that is always as large. */
export function fixed(minutes: ReturnType<typeof minutesOf>, servers: number): number {
  const pools = new Pools();
  for (let nth = 1; nth <= servers; nth += 1) pools.add(`server-${nth}`);
  for (const [minute, asked] of minutes.entries()) pools.ask(asked, minute);
  return pools.waited;
}

/** How many servers an autoscaler by the rate of requests has in all minutes together: what they hold does not matter. */
export const serversBy = (minutes: ReturnType<typeof minutesOf>, wanting: RateWants): number =>
  minutes.reduce((sum, asked, minute) => sum + wanting.wanted(asked, minute), 0);

/** How often a fleet turned from growing to shrinking or back. */
export function turnsOf(servers: readonly number[]): number {
  const steps = servers.slice(1).map((count, at) => Math.sign(count - servers[at]!));
  const moves = steps.filter((step) => step !== 0);
  return moves.slice(1).filter((step, at) => step !== moves[at]).length;
}
