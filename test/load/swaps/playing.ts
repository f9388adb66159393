import { setImmediate } from 'node:timers/promises';
import type { ActionOf, Instant, Millis } from '#core';
import { type Core, siteBefore } from '../promises/cores.js';
import { isInTime, waited } from '../storm/outcomes.js';
import type { Answered, SeenTurn } from '../storm/virtual-site.js';
import { ClosedTimes } from './closed.js';
import type { Scenario } from './scenarios.js';

/** A cold request for which a copy had to leave, from one moment to the next. */
export interface Swap {
  /** Until the unload was ordered: the end of leases, of residency, and turns of others. */
  readonly drain: Millis;
  /** From there until the load was ordered. */
  readonly unload: Millis;
  /** From there until the answer. */
  readonly load: Millis;
}

/** What became of what was asked while it counted. */
export interface Played {
  readonly outcomes: readonly Answered[];
  /** Promised requests that were not served in time. */
  readonly broken: number;
  readonly promised: number;
  readonly loads: number;
  readonly ranOut: number;
  readonly swaps: readonly Swap[];
  readonly longestClosed: Millis;
}

/** Signals are let in so often, in virtual time. */
const STRETCH: Millis = 10_000;
const PATIENCE: Millis = 60_000;

/** Plays a scenario before a core. What is asked while it counts is waited for. */
export async function playOut(scenario: Scenario, core: Core): Promise<Played> {
  const { workload, demand, truth, grain, learned, end } = scenario;
  const Site = await siteBefore(core);
  const site = Site.of(workload, demand.asks, { grain, truth, next: demand.next });
  const seen = new Seen(learned, end);
  site.watch = (turn) => seen.note(turn);
  const last = demand.isClosed ? end : end + PATIENCE;
  for (let at = STRETCH; at < last + STRETCH; at += STRETCH) {
    site.until(Math.min(at, last));
    await setImmediate();
  }
  const outcomes = site.outcomes.filter(({ at }) => at >= learned && at < end);
  const promised = outcomes.filter(({ id }) => site.promised.has(id));
  const { loads, ranOut, closed } = seen;
  return {
    ...{ outcomes, loads, ranOut, swaps: outcomes.flatMap((one) => seen.swapFor(one)) },
    ...{ promised: promised.length, broken: promised.filter((one) => !isInTime(one)).length },
    longestClosed: closed.longest,
  };
}

/** What the turns of a play showed. */
class Seen {
  loads = 0;
  ranOut = 0;
  readonly closed = new ClosedTimes();
  private readonly loadsOf = new Map<string, Instant[]>();
  private readonly unloadsFor = new Map<string, Instant[]>();

  constructor(
    private readonly from: Instant,
    private readonly to: Instant,
  ) {}

  note({ events, actions, now, fleet }: SeenTurn): void {
    if (now < this.from || now >= this.to) return;
    this.closed.note(fleet, now);
    for (const event of events) {
      const isFailed = event.kind === 'LoadEnded' && event.outcome.kind === 'failed';
      if (isFailed) this.ranOut += 1;
    }
    for (const action of actions) {
      if (action.kind === 'load') this.noteLoad(action, now);
      if (action.kind === 'unload') push(this.unloadsFor, action.makesRoomFor ?? '', now);
    }
  }

  /** The first unload that made room for the load that served it; nothing where it was served otherwise. */
  swapFor({ answer, model, at, answeredAt }: Answered): Swap[] {
    if (answer !== 'cold') return [];
    const load = this.loadsOf.get(model)?.findLast((moment) => moment >= at && moment <= answeredAt);
    const unload = this.unloadsFor.get(model)?.find((moment) => moment >= at && moment <= (load ?? 0));
    if (load === undefined || unload === undefined) return [];
    return [{ drain: unload - at, unload: load - unload, load: answeredAt - load }];
  }

  private noteLoad({ model }: ActionOf<'load'>, now: Instant): void {
    this.loads += 1;
    push(this.loadsOf, model, now);
  }
}

function push(map: Map<string, Instant[]>, key: string, moment: Instant): void {
  const known = map.get(key);
  if (known) known.push(moment);
  else map.set(key, [moment]);
}

/** How long those waited that were served once a load had ended. */
export const coldWaits = (outcomes: readonly Answered[]): readonly Millis[] =>
  outcomes.filter(({ answer }) => answer === 'cold').map(waited);
