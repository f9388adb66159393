import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aRequest } from '../../../../test/support/builders.js';
import type { Request } from '../fleet/fleet.js';
import type { Class } from '../fleet/model.js';
import { fairly } from './hold-back.js';

const CLASSES: readonly Class[] = ['critical', 'default', 'sheddable'];

const asked = (nth: number, of: Class, tenant = 'x'): Request =>
  aRequest(`${tenant}${nth}`, 'm', 0, { class: of, tenant });

const some = (count: number, of: Class): Request[] =>
  Array.from({ length: count }, (_, nth) => asked(nth, of));
const classesOf = (requests: readonly Request[]): string =>
  fairly(requests)
    .map((one) => one.class[0])
    .join('');

describe('the order in which waiting requests are served', () => {
  it('has the higher class first, and one in ten of the lower ones', () => {
    expect(classesOf([...some(2, 'default'), ...some(12, 'critical')])).toBe('cccccccccdcccd');
    expect(classesOf([...some(1, 'sheddable'), ...some(9, 'default')])).toBe('ddddddddds');
  });

  it('does not let the lowest starve behind those in between', () => {
    const all = [...some(100, 'sheddable'), ...some(200, 'default'), ...some(900, 'critical')];
    const first = fairly(all).slice(0, 1_000);
    expect(CLASSES.map((of) => first.filter((one) => one.class === of).length)).toEqual([900, 90, 10]);
  });

  it('has the tenants of a class take turns, each in its own order', () => {
    const all = ['x', 'x', 'x', 'y', 'y', 'z'].map((tenant, nth) => asked(nth, 'default', tenant));
    expect(fairly(all).map(({ id }) => id)).toEqual(['x0', 'y3', 'z5', 'x1', 'y4', 'x2']);
  });

  it('leaves no request out, and keeps the order of each tenant within a class', () => {
    const requests = fc
      .array(fc.tuple(fc.constantFrom(...CLASSES), fc.constantFrom('x', 'y', 'z')), { maxLength: 60 })
      .map((all) => all.map(([of, tenant], nth) => asked(nth, of, tenant)));
    fc.assert(
      fc.property(requests, (all) => {
        const order = fairly(all);
        expect(order.toSorted(byNumber)).toEqual(all);
        for (const of of CLASSES)
          for (const tenant of ['x', 'y', 'z']) {
            const own = order.filter((one) => one.class === of && one.tenant === tenant);
            expect(own).toEqual(own.toSorted(byNumber));
          }
      }),
    );
  });

  it('serves within any ten requests of one class no tenant twice more often than another that waits', () => {
    const lengths = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }));
    fc.assert(
      fc.property(lengths, ([xs, ys]) => {
        const all = [
          ...Array.from({ length: xs }, (_, nth) => asked(nth, 'default', 'x')),
          ...Array.from({ length: ys }, (_, nth) => asked(xs + nth, 'default', 'y')),
        ];
        const both = fairly(all).slice(0, 2 * Math.min(xs, ys));
        expect(both.filter(({ tenant }) => tenant === 'x')).toHaveLength(Math.min(xs, ys));
      }),
    );
  });
});

const byNumber = (one: Request, other: Request): number =>
  Number(one.id.slice(1)) - Number(other.id.slice(1));
