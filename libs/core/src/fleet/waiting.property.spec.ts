import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { aRequest } from '../../../../test/support/builders.js';
import { emptyFleet, type Fleet, type Request } from './fleet.js';
import { newIndex } from './fleet-index.js';
import type { TenantId } from './ids.js';
import {
  beginWaiting,
  earliestDeadline,
  endWaiting,
  modelsAwaited,
  requestsFor,
  tenantsWaiting,
  waitingFor,
} from './waiting.js';

const MODELS = ['a', 'b', 'c'];
const CLASSES = ['sheddable', 'default', 'critical'] as const;

const arrivals = fc.record({
  model: fc.constantFrom(...MODELS),
  class: fc.constantFrom(...CLASSES),
  tenant: fc.constantFrom('red', 'blue'),
  wait: fc.integer({ min: 1, max: 9 }),
});
/** A request comes, or the one in that place of those that wait leaves. */
const histories = fc.array(fc.oneof(arrivals, fc.nat({ max: 9 })), { maxLength: 40 });

/** All that is told of the requests that wait. */
const told = (fleet: Fleet) => ({
  models: Array.from(modelsAwaited(fleet), ([model, classes]) => [
    model,
    [...classes].toSorted(),
    waitingFor(fleet, model),
    requestsFor(fleet, model),
  ]),
  tenants: [...tenantsWaiting(fleet)].toSorted(),
  deadline: earliestDeadline(fleet),
});

describe('what is told of waiting requests', () => {
  it('is what follows from them, after whatever came and left', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const fleet = emptyFleet();
        for (const [nth, one] of history.entries()) {
          if (typeof one === 'number') endWaiting(fleet, [...fleet.waiting.keys()][one]!);
          else beginWaiting(fleet, requestOf(nth, one));
          expect(told(fleet)).toEqual(told({ ...fleet, index: newIndex() }));
        }
        const all = [...fleet.waiting.values()];
        expect([...modelsAwaited(fleet).keys()]).toEqual([...new Set(all.map(({ model }) => model))]);
        expect(earliestDeadline(fleet)).toBe(Math.min(Infinity, ...all.map(({ deadline }) => deadline)));
      }),
    );
  });
});

function requestOf(
  nth: number,
  { model, tenant, ...parts }: { model: string; tenant: string; wait: number },
): Request {
  // An id may come again before the first request has left.
  return { ...aRequest(`r${nth % 4}`, model, nth, parts), tenant: tenant as TenantId };
}
