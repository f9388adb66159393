import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chargeLoad, forgetDeficits, tenantsInNeed } from '../learned/deficits.js';
import { emptyFleet } from '../fleet/fleet.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId, RequestId, TenantId } from '../fleet/ids.js';
import { inPrecedence } from './precedence.js';

const RUNS = Number(process.env['RUNS'] ?? 300);
const NOW = 1_000_000;

/** A model that one or several tenants wait for, some of them for longer than is bearable. */
const aWish = (tenants: fc.Arbitrary<readonly string[]>) =>
  fc.record({
    cost: fc.integer({ min: 1, max: 300_000 }),
    tenants,
    waiting: fc.integer({ min: 1, max: 5 }),
    waited: fc.integer({ min: 0, max: 90_000 }),
  });

const alone = fc.constantFrom(['flood'], ['flood'], ['flood'], ['b'], ['c']);
const together = fc.uniqueArray(fc.constantFrom('flood', 'b', 'c'), { minLength: 1 });

interface Wish {
  readonly cost: number;
  readonly tenants: readonly string[];
  readonly waiting: number;
  readonly waited: number;
}

function fleetOf(wishes: readonly Wish[]): Fleet {
  const fleet = emptyFleet();
  for (const [at, { tenants, waiting, waited }] of wishes.entries()) {
    for (const tenant of tenants)
      for (let nth = 0; nth < waiting; nth++) {
        const id = `${at} ${tenant} ${nth}` as RequestId;
        fleet.waiting.set(id, {
          ...{ id, model: `m${at}` as ModelId, version: null, arrivedAt: NOW - waited, deadline: NOW + 1 },
          ...{ lease: 0, class: 'default', avoid: [], tenant: tenant as TenantId, bytes: 1 },
        });
      }
  }
  return fleet;
}

/** Loads one after the other what stands first in line; after each, what every tenant has had. */
function loadAll(wishes: readonly Wish[], check: (fleet: Fleet, loaded: Loaded) => void): void {
  const fleet = fleetOf(wishes);
  const loaded: Loaded = { had: new Map(), count: 0 };
  let left = wishes.map(({ cost }, at) => ({ models: [`m${at}` as ModelId], stage: 0, isDue: false, cost }));
  while (left.length > 0) {
    const { one, payers } = inPrecedence(fleet, left, NOW)[0]!;
    chargeLoad(fleet, payers, one.cost, tenantsInNeed(fleet));
    for (const tenant of payers) loaded.had.set(tenant, (loaded.had.get(tenant) ?? 0) + one.cost);
    loaded.count += 1;
    left = left.filter(({ models }) => models[0] !== one.models[0]);
    for (const [id, { model }] of fleet.waiting) if (model === one.models[0]) fleet.waiting.delete(id);
    forgetDeficits(fleet);
    check(fleet, loaded);
  }
}

interface Loaded {
  readonly had: Map<string, number>;
  count: number;
}

describe('whichever tenant floods', () => {
  it('tenants that wait have had load seconds alike, but for one load at most', () => {
    fc.assert(
      fc.property(fc.array(aWish(alone), { minLength: 1, maxLength: 30 }), (wishes) => {
        const most = Math.max(...wishes.map(({ cost }) => cost));
        const inNeed = new Set(wishes.flatMap(({ tenants }) => tenants));
        loadAll(wishes, (fleet, { had }) => {
          const waiting = tenantsInNeed(fleet);
          for (const tenant of inNeed) if (!waiting.has(tenant as TenantId)) inNeed.delete(tenant);
          const shares = Array.from(inNeed, (tenant) => had.get(tenant) ?? 0);
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(most + 1);
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('no tenant is owed less than nothing or more than the dearest load, and nothing if it waits for nothing', () => {
    fc.assert(
      fc.property(fc.array(aWish(together), { minLength: 1, maxLength: 30 }), (wishes) => {
        const most = Math.max(...wishes.map(({ cost }) => cost));
        loadAll(wishes, (fleet) => {
          const waiting = tenantsInNeed(fleet);
          for (const [tenant, owed] of fleet.deficits) {
            expect([waiting.has(tenant), owed > 0, owed <= 2 * most]).toEqual([true, true, true]);
          }
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('everything stands in line once', () => {
    fc.assert(
      fc.property(fc.array(aWish(together), { maxLength: 20 }), (wishes) => {
        const loaded: number[] = [];
        loadAll(wishes, (_, { count }) => loaded.push(count));
        expect(loaded).toEqual(wishes.map((_, at) => at + 1));
      }),
      { numRuns: RUNS },
    );
  });
});
