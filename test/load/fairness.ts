import type { Millis, RequestId, TenantId } from '#core';
import { type Figure, quantile, rounded } from './figure.js';
import { isInTime, type Outcome, share, waited } from './storm/outcomes.js';
import { type Ask, VirtualSite } from './storm/virtual-site.js';
import { drawArrivals, drawWorkload, type Workload } from './storm/workload.js';

const SEED = 8;
const GOAL = 0.2;
const TENANTS = 8;
/** The load of all other tenants together: it leaves slots free. */
const LOAD = 0.5;
const TIMES_MORE = 100;
const LEARNED: Millis = 60_000;
const FLOOD: Millis = 120_000;
const FLOODER = 'flooder' as TenantId;

/**
 * How much longer 99 of 100 requests of the other tenants wait at the most while one asks for 100 times as much as each of
 * them. Played on the core in virtual time; `tenants` plays two of them over the ports.
 */
export function fairness(): Promise<Figure> {
  const workload = drawWorkload(SEED);
  const others = drawArrivals(workload, [{ lasts: LEARNED + FLOOD, load: LOAD }], SEED).map(
    (arrival, nth): Ask => ({
      ...arrival,
      id: `o${nth}` as RequestId,
      tenant: `t${nth % TENANTS}` as TenantId,
    }),
  );
  const calm = playOut(workload, others);
  const flooded = playOut(workload, [...others, ...flood(workload)]);
  const value = p99Of(flooded) / p99Of(calm) - 1;
  return Promise.resolve({
    ...{ name: 'fairness', value, unit: 'longer P99 wait of the others under a flood of 100 x, on the core' },
    ...{ goal: `<= ${GOAL}`, met: value <= GOAL },
    details: { calm: told(calm), flooded: told(flooded), tenants: TENANTS },
  });
}

/** The flood comes once load times are learned. */
function flood(workload: Workload): Ask[] {
  const phases = [{ lasts: FLOOD, load: (LOAD / TENANTS) * TIMES_MORE }];
  return drawArrivals(workload, phases, SEED + 1).map((arrival, nth): Ask => ({
    ...{ ...arrival, at: LEARNED + arrival.at, class: 'default' },
    ...{ id: `f${nth}` as RequestId, tenant: FLOODER },
  }));
}

/** What became of the others while the flood lasts, or would. */
function playOut(workload: Workload, asks: readonly Ask[]): readonly Outcome[] {
  const site = VirtualSite.of(workload, asks);
  site.until(LEARNED + FLOOD);
  return site.outcomes.filter(({ at, tenant }) => at >= LEARNED && tenant !== FLOODER);
}

/** A request that was not served in time counts as having waited for its whole wait. */
const p99Of = (outcomes: readonly Outcome[]): Millis =>
  quantile(
    outcomes.map((one) => (isInTime(one) ? waited(one) : one.wait)),
    0.99,
  );

const told = (outcomes: readonly Outcome[]): object => ({
  p99Ms: rounded(p99Of(outcomes)),
  p99OfServedMs: rounded(quantile(outcomes.filter(isInTime).map(waited), 0.99)),
  inTime: rounded(share(outcomes, isInTime)),
  n: outcomes.length,
});
