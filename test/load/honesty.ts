import { setImmediate } from 'node:timers/promises';
import type { Millis, ModelId, RequestId, TenantId } from '#core';
import { type Figure, rounded } from './figure.js';
import { answerCounts, isInTime, type Outcome, share, waited } from './storm/outcomes.js';
import { type Ask, VirtualSite } from './storm/virtual-site.js';
import { drawArrivals, drawWorkload } from './storm/workload.js';

const SEED = 9;
const GOALS = { admitted: 0.95, refused: 0.1 };
const LEARNED: Millis = 60_000;
const END: Millis = 180_000;
const LOAD = 2;
const SAMPLE = 100;
/** Who is turned away in the turn in which he comes was not admitted; a turn lasts no time here. */
const AT_ONCE: Millis = 2;

type Told = Outcome & { readonly id: RequestId };

/**
 * Whether what is said of who can be served in time is true, at twice the load the slots can load: of those let in as
 * reachable how many were served in time, and of those turned away as unreachable how many would have found their model ready
 * before their time was up, had they waited. For the latter the core and all around it are copied at that moment, in virtual time,
 * and played on.
 */
export async function honesty(): Promise<Figure[]> {
  const workload = drawWorkload(SEED);
  const asks = drawArrivals(workload, [{ lasts: END, load: LOAD }], SEED).map((arrival, nth): Ask => ({
    ...arrival,
    id: `r${nth}` as RequestId,
    tenant: 'one' as TenantId,
  }));
  const first = VirtualSite.of(workload, asks);
  first.until(END);
  const seen = first.outcomes.filter(({ at }) => at >= LEARNED && at < END - 20_000);
  const refused = seen.filter(({ answer }) => answer === 'deadline_unreachable');
  const sample = everyNth(refused, SAMPLE);
  return [
    admittedFigure(seen),
    refusedFigure(refused, sample, await replay(VirtualSite.of(workload, asks), sample)),
  ];
}

/** Evenly over the whole time, in the order of their answers. */
function everyNth(all: readonly Told[], most: number): readonly Told[] {
  const every = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, nth) => nth % every === 0).sort((one, other) => one.answeredAt - other.answeredAt);
}

/** How many of the sample would have been served in time. */
async function replay(site: VirtualSite, sample: readonly Told[]): Promise<number> {
  let made = 0;
  for (const one of sample) {
    site.until(one.answeredAt);
    const other = site.copy();
    const deadline = Math.ceil(one.at) + one.wait;
    if (other.isReadyBefore(one.model as ModelId, deadline + 1)) made += 1;
    await setImmediate();
  }
  return made;
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

function refusedFigure(refused: readonly Told[], sample: readonly Told[], made: number): Figure {
  const value = made / sample.length;
  return {
    ...{
      name: 'honest_refusal',
      value,
      unit: 'share of those turned away that would have made it, on the core',
    },
    ...{ goal: `<= ${GOALS.refused}`, met: value <= GOALS.refused },
    details: { n: sample.length, of: refused.length, load: rounded(LOAD) },
  };
}
