import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel } from '../../../../test/support/builders.js';
import type { Class, Fleet, ModelId, PressureLevel, Request, RequestId, TenantId } from '../index.js';
import { emptyFleet } from '../fleet/fleet.js';
import { takeOverflow } from './overflow.js';
import { beginWaiting } from '../fleet/waiting.js';

const RUNS = Number(process.env['RUNS'] ?? 500);
const PLENTY = 1_000;
const CLASSES: readonly Class[] = ['sheddable', 'default', 'critical'];

interface Bounds {
  readonly model: number;
  readonly all: number;
}

const requests = fc
  .array(
    fc.record({
      model: fc.constantFrom('a', 'b'),
      tenant: fc.constantFrom('x', 'x', 'x', 'y', 'z'),
      class: fc.constantFrom(...CLASSES),
    }),
    { maxLength: 30 },
  )
  .map((all) =>
    all.map((one, nth) => {
      const said = { model: one.model as ModelId, tenant: one.tenant as TenantId, version: null, avoid: [] };
      const times = { arrivedAt: nth, deadline: 60_000, lease: 1 };
      return { ...one, ...said, ...times, id: `r${nth}` as RequestId } satisfies Request;
    }),
  );

function fleetOf(all: readonly Request[], bounds: Bounds): Fleet {
  const fleet = emptyFleet();
  const coldStart = { policy: 'queue', maxQueue: bounds.model, maxWait: 60_000, loadWhenShed: true } as const;
  for (const name of ['a', 'b']) fleet.models.set(name as ModelId, aModel(name, { coldStart }));
  fleet.limits = { ...fleet.limits, globalQueue: bounds.all };
  for (const request of all) beginWaiting(fleet, request);
  return fleet;
}

/** The refused requests, and why, in the order in which they were. */
function refused(fleet: Fleet): { id: string; reason: string }[] {
  return takeOverflow(fleet).map(({ request, why }) => ({ id: request.id, reason: why.reason }));
}

/** A queue with one bound: the sentence of the promise, read word by word, again and again. */
function wordByWord(queue: readonly Request[], most: number) {
  const left = [...queue];
  const tenants = new Set(queue.map(({ tenant }) => tenant)).size;
  const share = Math.max(4, most / tenants);
  const away: { id: string; reason: string }[] = [];
  while (left.length > most) {
    const lowest = Math.min(...left.map((one) => CLASSES.indexOf(one.class)));
    const excessOf = ({ tenant }: Request): number =>
      tenants === 1 ? 0 : Math.max(0, left.filter((one) => one.tenant === tenant).length - share);
    const candidates = left.filter((one) => CLASSES.indexOf(one.class) === lowest);
    const furthest = Math.max(...candidates.map(excessOf));
    const one = candidates.findLast((candidate) => excessOf(candidate) === furthest)!;
    left.splice(left.indexOf(one), 1);
    away.push({ id: one.id, reason: furthest > 0 ? 'over_share' : 'queue_full' });
  }
  return away;
}

const check = (holds: (all: readonly Request[], bound: number) => void): void =>
  fc.assert(
    fc.property(requests, fc.nat({ max: 20 }), (all, bound) => holds(all, bound)),
    { numRuns: RUNS },
  );

describe('whatever waits', () => {
  it('stays within each bound, and is refused once or still there', () => {
    fc.assert(
      fc.property(requests, fc.nat({ max: 12 }), fc.nat({ max: 20 }), (all, model, bound) => {
        const fleet = fleetOf(all, { model, all: bound });
        const away = refused(fleet).map(({ id }) => id);
        const left = [...fleet.waiting.values()];
        for (const name of ['a', 'b'])
          expect(left.filter((waits) => waits.model === name).length).toBeLessThanOrEqual(model);
        expect(left.length).toBeLessThanOrEqual(bound);
        expect([...away, ...left.map(({ id }) => id)].toSorted()).toEqual(all.map(({ id }) => id).toSorted());
        expect(takeOverflow(fleet)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('leaves the queue of a model as the promise says', () => {
    check((all, bound) => {
      const same = all.map((request) => ({ ...request, model: 'a' as ModelId }));
      const fleet = fleetOf(same, { model: bound, all: PLENTY });
      expect(refused(fleet)).toEqual(wordByWord(same, bound));
    });
  });

  it('leaves the queue of all as the promise says', () => {
    check((all, bound) => {
      const fleet = fleetOf(all, { model: PLENTY, all: bound });
      expect(refused(fleet)).toEqual(wordByWord(all, bound));
    });
  });

  it('leaves under pressure first where its class is shed, then as the promise says of half the bound', () => {
    const levels = fc.constantFrom<PressureLevel>('high', 'severe', 'extreme');
    fc.assert(
      fc.property(requests, fc.nat({ max: 20 }), levels, fc.nat({ max: 30 }), (all, bound, level, since) => {
        const same = all.map((request) => ({ ...request, model: 'a' as ModelId }));
        const fleet = fleetOf(same, { model: bound, all: PLENTY });
        fleet.pressure = { level, since };
        const classes = level === 'high' ? ['sheddable'] : ['sheddable', 'default'];
        const isShed = (request: Request): boolean =>
          request.arrivedAt >= since && classes.includes(request.class);
        const shed = same.filter(isShed).map(({ id }) => ({ id, reason: 'queue_full' }));
        const rest = same.filter((request) => !isShed(request));
        expect(refused(fleet)).toEqual([...shed, ...wordByWord(rest, Math.ceil(bound / 2))]);
      }),
      { numRuns: RUNS },
    );
  });

  it('is never refused while a request of a lower class stays in the same queue', () => {
    fc.assert(
      fc.property(requests, fc.nat({ max: 12 }), fc.nat({ max: 20 }), (all, model, bound) => {
        const fleet = fleetOf(all, { model, all: bound });
        const away = new Set(refused(fleet).map(({ id }) => id));
        const rank = (request: Request): number => CLASSES.indexOf(request.class);
        for (const gone of all.filter(({ id }) => away.has(id)))
          for (const left of fleet.waiting.values())
            expect(left.model === gone.model && rank(left) < rank(gone)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  it('is never refused within the share of its tenant for one of the same class over its own', () => {
    check((all, bound) => {
      const fleet = fleetOf(all, { model: PLENTY, all: bound });
      const share = Math.max(4, bound / new Set(all.map(({ tenant }) => tenant)).size);
      const away = refused(fleet).map(({ id }) => all.find((request) => request.id === id)!);
      const countOf = (some: Iterable<Request>, tenant: TenantId): number =>
        [...some].filter((request) => request.tenant === tenant).length;
      for (const gone of away.filter(({ tenant }) => countOf(all, tenant) <= share))
        for (const left of fleet.waiting.values())
          expect(left.class === gone.class && countOf(fleet.waiting.values(), left.tenant) > share).toBe(
            false,
          );
    });
  });
});
