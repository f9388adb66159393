import { setImmediate } from 'node:timers/promises';
import type { Instant, Millis, RequestId, TenantId } from '#core';
import { isInTime, type Outcome } from '../storm/outcomes.js';
import { causeOf, isPromised } from '../storm/promise.js';
import { type Ask, requestOf, VirtualSite } from '../storm/virtual-site.js';
import type { Scenario } from './scenarios.js';

export interface Told extends Outcome {
  readonly id: RequestId;
  readonly tenant: TenantId;
  /** Whether it was promised a route while it waited. */
  readonly isPromised: boolean;
  /** Of a promise that broke: the listed cause, where one was told. */
  readonly cause: string | null;
}

/** What became of the requests of a scenario that count, and of the sampled ones. */
export interface Played {
  readonly all: readonly Told[];
  /** Of some requests refused for want of something, evenly: what would have come of it, had it been admitted. */
  readonly wouldHave: readonly IfAdmitted[];
  readonly seconds: number;
  readonly loads: number;
}

/** What comes of a refused request that is admitted on a copy of the fleet. */
export interface IfAdmitted {
  readonly isServed: boolean;
  /** Whether fewer of the promises that held are kept than without it: it takes the time of others. */
  readonly costsOthers: boolean;
}

/** Refusals for want of time, slots, worth or memory. */
const WANTS: ReadonlySet<string> = new Set(['deadline_unreachable', 'no_capacity', 'over_share']);
export const isRefusedForWant = ({ answer }: Outcome): boolean => WANTS.has(answer);

/** Signals are let in so often, in virtual time. */
const STRETCH: Millis = 1_000;

/** Plays a scenario; `samples` are the most refusals that are played on from. */
export async function playOut(scenario: Scenario, asks: readonly Ask[], samples = 0): Promise<Played> {
  const { learned, end, waits, grain } = scenario;
  const site = VirtualSite.of(scenario.workload, asks, { grain });
  for (let at = 0; at < learned; at += STRETCH) await onward(site, at + STRETCH);
  const loadsBefore = site.loads;
  const wouldHave = samples === 0 ? [] : await sampled(site, scenario, samples);
  for (let at = site.now; at < end; at += STRETCH) await onward(site, Math.min(end, at + STRETCH));
  const loads = site.loads - loadsBefore;
  await onward(site, end + Math.max(...waits) + grain);
  return { all: countedOf(site, scenario), wouldHave, seconds: (end - learned) / 1_000, loads };
}

async function onward(site: VirtualSite, end: Instant): Promise<void> {
  site.until(end);
  await setImmediate();
}

const countedOf = ({ outcomes, promised, refusals }: VirtualSite, { learned, end }: Scenario): Told[] =>
  outcomes
    .filter(({ at }) => at >= learned && at < end)
    .map((one) => {
      const refusal = refusals.get(one.id);
      return { ...one, isPromised: promised.has(one.id), cause: refusal ? causeOf(refusal) : null };
    });

/** Plays until the end, and on a copy from every nth refusal, by how many there were before it counted. */
async function sampled(
  site: VirtualSite,
  { learned, end, grain }: Scenario,
  most: number,
): Promise<IfAdmitted[]> {
  const before = site.outcomes.filter((one) => one.at >= learned / 2 && isRefusedForWant(one)).length;
  const expected = (before * (end - learned)) / (learned / 2);
  const every = Math.max(1, Math.ceil(expected / most));
  const wouldHave: IfAdmitted[] = [];
  let [seen, refused] = [site.outcomes.length, 0];
  while (site.now < end && wouldHave.length < most) {
    await onward(site, site.now + grain);
    for (; seen < site.outcomes.length; seen += 1) {
      const one = site.outcomes[seen]!;
      if (!isRefusedForWant(one) || one.at < learned) continue;
      if (refused++ % every === 0) wouldHave.push(ifAdmitted(site, one, grain));
    }
  }
  return wouldHave;
}

/** Plays on with the request among the promised ones, and without it, until all that was promised then has its answer. */
function ifAdmitted(site: VirtualSite, one: Ask, grain: Millis): IfAdmitted {
  const { fleet } = site;
  const others = [...fleet.waiting.values()].filter(({ id }) => isPromised(fleet, id));
  const request = requestOf(one, Math.ceil(one.at));
  const until = Math.max(request.deadline, ...others.map(({ deadline }) => deadline)) + grain;
  const [beside, without] = [site.copy(), site.copy()];
  beside.admit(request, one);
  for (const played of [beside, without]) played.until(until);
  const kept = ({ outcomes }: VirtualSite): number => {
    const served = new Set(outcomes.filter(isInTime).map(({ id }) => id));
    return others.filter(({ id }) => served.has(id)).length;
  };
  const isServed = beside.outcomes.some((outcome) => outcome.id === one.id && isInTime(outcome));
  return { isServed, costsOthers: kept(beside) < kept(without) };
}

/** Requests served in time, a second: all of them, or those alone that waited for a load. */
export function servedPerSecond({ all, seconds }: Played, isColdAlone: boolean): number {
  const served = all.filter((one) => isInTime(one) && (!isColdAlone || one.answer === 'cold'));
  return served.length / seconds;
}
