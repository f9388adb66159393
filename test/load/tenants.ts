import type { Millis } from '#core';
import { issueKey } from '../support/issued-key.js';
import { type Figure, quantile, rounded } from './figure.js';
import { Caller } from './rpc.js';
import { play } from './storm/open-loop.js';
import { answerCounts, isInTime, type Outcome, share, waited } from './storm/outcomes.js';
import { startBerthFor, startServers } from './storm/stage.js';
import { type Arrival, drawArrivals, drawWorkload, type Workload } from './storm/workload.js';
import { cpuMs } from './usage.js';

const SEED = 21;
const SERVED_GOAL = 0.9;
const TIMES_MORE = 100;
/** What the other tenant asks for. */
const LOAD = 0.2;
/**
 * Memory fills and load times are learned before it counts; the flood begins then. Until then a third tenant asks: charges of
 * about the last minute count towards a share, and the tenant that is measured has to be a small one from the beginning.
 */
const LEARNED: Millis = 20_000;
const COUNTED: Millis = 50_000;
const END: Millis = LEARNED + COUNTED;
/** Where other work makes the event loop late, cold requests are shed by their class, whatever their tenant: that is not measured here. */
const UNSHED = { shedAtLagMs: null };

/** What became of the requests of both tenants while it counts, and how much of a core Berth took. */
interface Played {
  readonly quiet: readonly Outcome[];
  readonly flood: readonly Outcome[];
  readonly cpuShare: number;
}

/**
 * How one tenant is served while another asks for 100 times as much, beside how it is served alone: both by keys, over gRPC, with
 * processes. It asks for the same in both plays, and each has a Berth and servers of its own.
 */
export async function tenants(): Promise<Figure[]> {
  const workload = drawWorkload(SEED);
  const phases = [
    { lasts: LEARNED, load: 1 },
    { lasts: COUNTED, load: LOAD },
  ];
  const all = drawArrivals(workload, phases, SEED);
  const learning = all.filter(({ at }) => at < LEARNED);
  const quiet = all.filter(({ at }) => at >= LEARNED);
  const alone = await playOut(workload, { learning, quiet, flooding: [] });
  const flooded = await playOut(workload, { learning, quiet, flooding: flood(workload) });
  const details = { alone: told(alone), flooded: told(flooded), flooder: answerCounts(flooded.flood) };
  return [servedFigure(alone, flooded, details), waitFigure(workload, alone, flooded)];
}

const flood = (workload: Workload): Arrival[] =>
  drawArrivals(workload, [{ lasts: COUNTED, load: LOAD * TIMES_MORE }], SEED + 1).map((arrival) => ({
    ...{ ...arrival, at: LEARNED + arrival.at, class: 'default' },
  }));

/** What each tenant asks for. */
interface Asked {
  readonly learning: readonly Arrival[];
  readonly quiet: readonly Arrival[];
  readonly flooding: readonly Arrival[];
}

async function playOut(workload: Workload, { learning, quiet, flooding }: Asked): Promise<Played> {
  const keys = ['learning', 'quiet', 'flooding'].map((tenant) => issueKey(tenant, 'gateway', { tenant }));
  const auth = { keys: keys.map(({ line }) => line) };
  const servers = await startServers(workload);
  const berth = await startBerthFor(workload, servers, {}, { auth, limits: UNSHED });
  const callers = keys.map(({ headers }) => new Caller(berth.grpc, headers)) as [Caller, Caller, Caller];
  const cpu = { before: 0, after: 0 };
  const cues = [
    { at: LEARNED, act: () => void (cpu.before = cpuMs(berth.pid)) },
    { at: END, act: () => void (cpu.after = cpuMs(berth.pid)) },
  ];
  try {
    const [, ofQuiet, ofFlood] = await Promise.all([
      play(callers[0], learning),
      play(callers[1], quiet, cues),
      play(callers[2], flooding),
    ]);
    return { quiet: ofQuiet, flood: ofFlood, cpuShare: (cpu.after - cpu.before) / COUNTED };
  } finally {
    for (const caller of callers) caller.close();
    await berth.end();
    for (const server of servers) await server.end();
  }
}

function servedFigure(alone: Played, flooded: Played, details: Figure['details']): Figure {
  const value = share(flooded.quiet, isInTime) / share(alone.quiet, isInTime);
  return {
    ...{ name: 'tenants_served', value, unit: 'share of what it is served alone, under a flood of 100 x' },
    ...{ goal: `>= ${SERVED_GOAL}`, met: value >= SERVED_GOAL },
    details,
  };
}

/** One load is one of the longest: a request may have to wait for any that runs. */
function waitFigure({ models }: Workload, alone: Played, flooded: Played): Figure {
  const loadMs = quantile(
    models.map((model) => model.loadMs),
    0.99,
  );
  const [aloneMs, value] = [p99Of(alone.quiet), p99Of(flooded.quiet)];
  const most = Math.round(aloneMs + loadMs);
  return {
    ...{ name: 'tenants_wait', value, unit: 'ms P99 wait of those served, under a flood of 100 x' },
    ...{ goal: `<= ${most} (alone + one load)`, met: value <= most },
    details: { aloneMs: rounded(aloneMs), loadMs },
  };
}

/** Of the requests that were served in time. */
const p99Of = (outcomes: readonly Outcome[]): Millis => quantile(outcomes.filter(isInTime).map(waited), 0.99);

/** A request that was not served in time counts as having waited for its whole wait. */
const waitOf = (one: Outcome): Millis => (isInTime(one) ? waited(one) : one.wait);

const told = ({ quiet, cpuShare }: Played): object => ({
  ...{ n: quiet.length, inTime: rounded(share(quiet, isInTime)), p99Ms: rounded(p99Of(quiet)) },
  p99OfAllMs: rounded(quantile(quiet.map(waitOf), 0.99)),
  ...{ answers: answerCounts(quiet), cpuShare: rounded(cpuShare) },
});
