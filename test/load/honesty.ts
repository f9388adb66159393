import { setImmediate } from 'node:timers/promises';
import { type Millis, type ModelId, pickRoute, type Request, type RequestId, type TenantId } from '#core';
import { type Figure, rounded } from './figure.js';
import { answerCounts, isInTime, type Outcome, share, waited } from './storm/outcomes.js';
import { type Ask, VirtualSite } from './storm/virtual-site.js';
import { drawArrivals, drawWorkload, LEASE_MS } from './storm/workload.js';

const SEEDS = [9, 10, 11, 12, 13, 14];
const GOALS = { admitted: 0.95, refused: 0.1 };
const LEARNED: Millis = 60_000;
const END: Millis = 180_000;
const LOAD = 2;
/** So many of those turned away for their price are played on from, of each play. */
const SAMPLE = 20;
/** Who is turned away in the turn in which he comes was not admitted; a turn lasts no time here. */
const AT_ONCE: Millis = 2;

type Told = Outcome & { readonly id: RequestId };

/** What was seen of one play. */
interface Seen {
  readonly all: readonly Told[];
  /** Of those turned away as unreachable, and of a sample of those for whose models slots were too scarce: who would have made it. */
  readonly late: readonly boolean[];
  readonly dear: readonly boolean[];
}

/**
 * Whether what is said of who can be served in time is true, at twice the load the slots can load: of those let in as
 * reachable how many were served in time, and of those turned away as unreachable how many would have been, had they been let in
 * instead. For the latter the core and all around it are copied at that moment, in virtual time, and played on with him among
 * those who wait. Told beside it is the same of those for whom there was no capacity since load slots were scarce: they could have been
 * served, one of them at a time, in place of somebody else.
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
  const dear = all.filter(({ id }) => first.details.get(id) === 'load_slots');
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

/** Who of these would have been served in time. */
async function replay(site: VirtualSite, some: readonly Told[]): Promise<readonly boolean[]> {
  const made: boolean[] = [];
  for (const one of some.toSorted((a, b) => a.answeredAt - b.answeredAt)) {
    site.until(one.answeredAt);
    made.push(isServedIfLetIn(site.copy(), one));
    await setImmediate();
  }
  return made;
}

/** Plays on with him among those who were let in, until his model has a route or his time is up. */
function isServedIfLetIn(site: VirtualSite, one: Told): boolean {
  const [arrivedAt, model] = [Math.ceil(one.at), one.model as ModelId];
  const times = { arrivedAt, deadline: arrivedAt + one.wait, lease: LEASE_MS };
  const who = { id: one.id, model, version: null, class: one.class, tenant: 'one' as TenantId };
  const request: Request = { ...who, ...times, avoid: [], bytes: 1_100 };
  site.letIn(request, { ...one, tenant: request.tenant });
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
