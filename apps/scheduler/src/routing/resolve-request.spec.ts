import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ANONYMOUS, type MaxClass } from '#access';
import { patience } from './deadline.js';
import { queryOf, readResolveRequest as readOf, requestIdIn } from './resolve-request.js';

const readResolveRequest = (model: string, request: unknown) => readOf('anonymous', model, request);

describe('a resolve request', () => {
  it('may say nothing but the model', () => {
    const query = {
      model: 'm',
      version: null,
      wait: null,
      lease: 10_000,
      class: null,
      avoid: [],
      tenant: 'anonymous',
    };
    expect(readResolveRequest('m', undefined)).toEqual({ ok: true, query });
    expect(readResolveRequest('m', {})).toEqual({ ok: true, query });
  });

  it('means the same to the short way as to the schema', () => {
    const millis = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer(), fc.double(), fc.constant(null));
    const shortText = fc.oneof(fc.string(), fc.constant(null), fc.constant('x'.repeat(129)), fc.nat());
    const fields = fc.record(
      {
        model: fc.constantFrom('m', 'n', 1),
        ...{ waitMs: millis, leaseMs: millis, avoid: fc.array(fc.string()) },
        ...{ requestId: shortText, affinityKey: shortText },
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (request) => {
        const inFull = { ...request, class: null };
        expect(readResolveRequest('m', request)).toEqual(readResolveRequest('m', inFull));
      }),
    );
    expect(readResolveRequest('m', []).ok).toBe(false);
    expect(readResolveRequest('m', { constructor: 1 }).ok).toBe(false);
  });

  it('takes null for a field that was left out', () => {
    const fields = ['model', 'version', 'waitMs', 'leaseMs', 'class', 'affinityKey', 'avoid', 'requestId'];
    const nulls = Object.fromEntries(fields.map((field) => [field, null]));
    expect(readResolveRequest('m', nulls)).toEqual(readResolveRequest('m', {}));
  });

  it('keeps what it says', () => {
    const request = {
      model: 'm',
      version: '2',
      waitMs: 0,
      leaseMs: 1,
      class: 'critical',
      avoid: ['a'],
      affinityKey: 'k',
      requestId: 'r',
    };
    expect(readResolveRequest('m', request)).toEqual({
      ok: true,
      query: {
        ...{ model: 'm', version: '2', wait: 0, lease: 1, class: 'critical', avoid: ['a'] },
        tenant: 'anonymous',
        affinityKey: 'k',
        requestId: 'r',
      },
    });
  });

  it('avoids the first 8 servers that it names, and may name a hundred', () => {
    const avoid = Array.from({ length: 100 }, (_, nth) => `s${nth}`);
    expect(readResolveRequest('m', { avoid })).toMatchObject({ query: { avoid: avoid.slice(0, 8) } });
    expect(readResolveRequest('m', { avoid: [...avoid, 's100'] }).ok).toBe(false);
  });

  it('has an affinity key of 128 characters at most', () => {
    expect(readResolveRequest('m', { affinityKey: 'k'.repeat(128) })).toMatchObject({ ok: true });
    for (const affinityKey of ['k'.repeat(129), 'k'.repeat(10_000)]) {
      expect(readResolveRequest('m', { affinityKey })).toMatchObject({
        ok: false,
        errors: [{ path: 'affinityKey', rule: 'must have at most 128 characters' }],
      });
    }
  });

  it('is called as its caller calls it, where that keeps to the rule', () => {
    expect(requestIdIn({ requestId: 'r-1', waitMs: -1 })).toBe('r-1');
    const others = [undefined, null, {}, { requestId: null }, { requestId: 1 }, { requestId: '' }, 'r'];
    for (const other of [...others, { requestId: 'x'.repeat(129) }])
      expect(requestIdIn(other)).toBeUndefined();
  });

  it('may not name its tenant: that is in the credential', () => {
    const read = readResolveRequest('m', { tenant: 'x' });
    expect(read.ok ? [] : read.errors.map(({ path }) => path)).toEqual(['tenant']);
  });

  it('lists every rule it breaks', () => {
    const read = readResolveRequest('..', { waitMs: 1.5, leaseMs: 600_001, affinityKey: '' });
    expect(read.ok ? [] : read.errors.map(({ path }) => path)).toEqual([
      'model',
      'waitMs',
      'leaseMs',
      'affinityKey',
    ]);
  });
});

describe('the class of a request', () => {
  const askedBy = (maxClass: MaxClass | null, asked: object) => () =>
    queryOf({ ...ANONYMOUS, tenant: 'risk', maxClass }, 'm', asked);
  const notAllowed = expect.objectContaining({ facts: expect.objectContaining({ reason: 'not_allowed' }) });

  it('may be up to the highest of its caller', () => {
    expect(askedBy('default', { class: 'default' })()).toMatchObject({ class: 'default', tenant: 'risk' });
    expect(askedBy('critical', { class: 'critical' })()).toMatchObject({ class: 'critical' });
    expect(askedBy(null, { class: 'critical' })()).toMatchObject({ class: 'critical' });
    expect(askedBy('default', { class: 'critical' })).toThrow(notAllowed);
    expect(askedBy('sheddable', { class: 'default' })).toThrow(notAllowed);
  });

  it("is the model's own where nothing is said, however high", () => {
    for (const asked of [undefined, {}, { class: null }])
      expect(askedBy('sheddable', asked as object)()).toMatchObject({ class: null });
  });
});

describe('the lease of a request', () => {
  const leaseOf = (caller: object, asked: object): number =>
    queryOf({ ...ANONYMOUS, ...caller }, 'm', asked).lease;

  it('is cut to the longest of its caller, by its class where nothing is said', () => {
    expect(leaseOf({}, { leaseMs: 600_000 })).toBe(600_000);
    expect(leaseOf({ maxClass: 'default' }, { leaseMs: 600_000 })).toBe(600_000);
    expect(leaseOf({ maxClass: 'sheddable' }, { leaseMs: 600_000 })).toBe(60_000);
    expect(leaseOf({ maxClass: 'sheddable' }, { leaseMs: 30_000 })).toBe(30_000);
    expect(leaseOf({ maxClass: 'sheddable', maxLeaseMs: 90_000 }, { leaseMs: 600_000 })).toBe(90_000);
    expect(leaseOf({ maxLeaseMs: 5_000 }, {})).toBe(5_000);
  });
});

describe('a deadline', () => {
  it.each([
    [10, 0],
    [500, 480],
    [10_000, 9_800],
    [600_000, 599_500],
  ])('%d ms away lets a caller wait %d ms', (remaining, wait) => {
    expect(patience(remaining)).toBe(wait);
  });
});
