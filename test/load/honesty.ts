import { setImmediate } from 'node:timers/promises';
import { type Millis, type ModelId, pickRoute, type Request, type RequestId, type TenantId } from '#core';
import { type Figure, rounded } from './figure.js';
import { answerCounts, isInTime, type Outcome, share, waited } from './storm/outcomes.js';
import { type Ask, VirtualSite } from './storm/virtual-site.js';
import { drawArrivals, drawWorkload } from './storm/workload.js';

const SEEDS = [9, 10, 11, 12, 13, 14];
const GOALS = { admitted: 0.95, refused: 0.1 };
const LEARNED: Millis = 60_000;
const END: Millis = 180_000;
const LOAD = 2;
/** So many of the requests refused since load slots were scarce are played on from, in each play. */
const SAMPLE = 20;
/** A request refused in the turn in which it comes was not admitted; a turn lasts no time here. */
const AT_ONCE: Millis = 2;

type Told = Outcome & { readonly id: RequestId };

/** What was seen of one play. */
interface Seen {
  readonly all: readonly Told[];
  /**
   * Of the requests refused as unreachable, and of a sample of those refused since slots were scarce: which would have
   * made it.
   */
  readonly late: readonly boolean[];
  readonly dear: readonly boolean[];
}

/**
 * Whether it is true what requests are told of being served in time, at twice the load that the slots can load. Of the
 * requests admitted as reachable: how many were served in time. Of those refused as unreachable: how many would have
 * been, had they been admitted. For these the core and all around it are copied at that moment, in virtual time, and
 * played on with the request among the waiting ones. Told beside it is the same of the requests refused since load
 * slots were scarce. Each of them alone could have been served, in place of another request.
 */
export async function honesty(): Promise<Figure[]> {
  const plays: Seen[] = [];
  for (const seed of SEEDS) plays.push(await playOut(seed));
  const late = plays.flatMap((one) => one.late);
  const dear = plays.flatMap((one) => one.dear);
  return [admittedFigure(plays.flatMap(({ all }) => all)), refusedFigure(late, dear)];
}

async function playOut(seed: number): Promise<Seen> {
  const workload = drawWorkload(seed);
  const asks = drawArrivals(workload, [{ lasts: END, load: LOAD }], seed).map((arrival, nth): Ask => ({
    ...arrival,
    id: `r${nth}` as RequestId,
    tenant: 'one' as TenantId,
  }));
  const first = VirtualSite.of(workload, asks);
  first.until(END);
  const all = first.outcomes.filter(({ at }) => at >= LEARNED && at < END - 20_000);
  const late = all.filter(({ answer }) => answer === 'deadline_unreachable');
  const dear = all.filter(({ id }) => first.refusals.get(id)?.refusal.detail === 'load_slots');
  return {
    all,
    late: await replay(VirtualSite.of(workload, asks), late),
    dear: await replay(VirtualSite.of(workload, asks), everyNth(dear, SAMPLE)),
  };
}

/** Evenly over the whole time. */
function everyNth(all: readonly Told[], most: number): readonly Told[] {
  const every = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, nth) => nth % every === 0);
}

/** Which of these requests would have been served in time. */
async function replay(site: VirtualSite, some: readonly Told[]): Promise<readonly boolean[]> {
  const made: boolean[] = [];
  for (const one of some.toSorted((a, b) => a.answeredAt - b.answeredAt)) {
    site.until(one.answeredAt);
    made.push(isServedIfAdmitted(site.copy(), one));
    await setImmediate();
  }
  return made;
}

/** Plays on with the request among the admitted ones, until its model has a route or its time is up. */
function isServedIfAdmitted(site: VirtualSite, one: Told): boolean {
  const [arrivedAt, model] = [Math.ceil(one.at), one.model as ModelId];
  const times = { arrivedAt, deadline: arrivedAt + one.wait, lease: one.lease };
  const who = { id: one.id, model, version: null, class: one.class, tenant: 'one' as TenantId };
  const request: Request = { ...who, ...times, avoid: [], bytes: 1_100 };
  site.admit(request, { ...one, tenant: request.tenant });
  while (site.now <= request.deadline) {
    site.until(site.now + 1);
    if (pickRoute(site.fleet, request, { lastUse: () => undefined })) return true;
  }
  return false;
}

function admittedFigure(seen: readonly Told[]): Figure {
  const admitted = seen.filter((one) => waited(one) >= AT_ONCE);
  const value = share(admitted, isInTime);
  return {
    ...{
      name: 'honest_admission',
      value,
      unit: 'share of those let in that were served in time, on the core',
    },
    ...{ goal: `>= ${GOALS.admitted}`, met: value >= GOALS.admitted },
    details: { n: admitted.length, answers: answerCounts(admitted), all: answerCounts(seen) },
  };
}

function refusedFigure(late: readonly boolean[], dear: readonly boolean[]): Figure {
  const value = share(late, Boolean);
  return {
    ...{
      name: 'honest_refusal',
      value,
      unit: 'share of those turned away as unreachable that would have made it, on the core',
    },
    ...{ goal: `<= ${GOALS.refused}`, met: value <= GOALS.refused },
    details: {
      ...{ n: late.length, load: rounded(LOAD) },
      ...{ tooDearWouldHave: rounded(share(dear, Boolean)), ofTooDear: dear.length },
    },
  };
}
