import type { Millis, RequestId, TenantId } from '#core';
import type { Figure } from './figure.js';
import { asksOf, scenarios } from './promises/scenarios.js';
import { isInTime, share } from './storm/outcomes.js';
import { type Ask, VirtualSite } from './storm/virtual-site.js';

const HOUR: Millis = 3_600_000;
const ASKED_EVERY: Millis = 45_000;
const WAIT: Millis = 60_000;
const MAX_COLD = 2;
/** One time what can be loaded, with the usual leases and residency. */
const FLOOD = 'usual-uniform-20s-x1';
const CRITICAL = 'm0';

/** How often an hour a critical model is cold that is asked for every 45 s, beside a flood for models of the lowest class. */
export function criticalBesideFlood(): Figure {
  const scenario = scenarios().find(({ name }) => name === FLOOD)!;
  const { workload, lease, grain } = scenario;
  const models = workload.models.map((model) => ({
    ...model,
    class: model.name === CRITICAL ? ('critical' as const) : ('sheddable' as const),
  }));
  const flood = asksOf({ ...scenario, end: HOUR }).filter(({ model }) => model !== CRITICAL);
  const asks: Ask[] = Array.from({ length: HOUR / ASKED_EVERY }, (_, at) => ({
    ...{ id: `c${at}` as RequestId, at: at * ASKED_EVERY, model: CRITICAL, class: 'critical' },
    ...{ wait: WAIT, lease, tenant: 'small' as TenantId },
  }));
  const sheddable = flood.map((one): Ask => ({ ...one, class: 'sheddable' }));
  const site = VirtualSite.of({ ...workload, models }, [...sheddable, ...asks], { grain });
  site.until(HOUR + WAIT);
  const ofCritical = site.outcomes.filter(({ model }) => model === CRITICAL);
  const value = ofCritical.filter(({ answer }) => answer !== 'warm').length;
  const others = site.outcomes.filter(({ model }) => model !== CRITICAL);
  return {
    ...{ name: 'critical_beside_flood', value, unit: 'answers an hour that were not warm, of 80' },
    ...{ goal: `<= ${MAX_COLD}`, met: value <= MAX_COLD },
    details: { inTime: share(ofCritical, isInTime), floodInTime: share(others, isInTime) },
  };
}
