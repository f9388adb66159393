import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel, aRequest, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { copyFleet, type ModelId, type Why, whyOf } from '../index.js';
import { describeWait } from '../loading/eta.js';
import { decide } from '../../../../test/support/decide.js';

const RUNS = Number(process.env['RUNS'] ?? 40);
const SEED = Number(process.env['SEED'] ?? 11);

const MODELS = [
  aModel('a', { gpuBytes: 4 }),
  aModel('b', { gpuBytes: 4, minResidency: 20_000 }),
  aModel('c', { gpuBytes: 6, class: 'critical' }),
  aModel('d', { gpuBytes: 6, class: 'sheddable', idleUnload: 30_000 }),
  aModel('e', { gpuBytes: 10 }),
  aModel('f', { gpuBytes: 3, pinnedCopies: 1 }),
];
const NAMES = MODELS.map(({ id }) => id);
const SERVERS = { t: [10], u: [10, 7] };

type Happening =
  | { readonly kind: 'asked'; readonly model: string; readonly lease: number; readonly wait: number }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ran_out' }
  | { readonly kind: 'passed'; readonly millis: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: asked() },
  fc.record({ kind: fc.constant('loaded' as const) }),
  fc.record({ kind: fc.constant('ran_out' as const) }),
  fc.record({ kind: fc.constant('passed' as const), millis: fc.constantFrom(500, 5_000, 31_000) }),
);

function asked(): fc.Arbitrary<Happening> {
  return fc.record({
    kind: fc.constant('asked' as const),
    model: fc.constantFrom<string>(...NAMES),
    lease: fc.constantFrom(0, 10_000, 90_000),
    wait: fc.constantFrom(0, 5_000, 60_000),
  });
}

/** Each model takes another time to load, and models on more than one GPU are told where they go. */
function begin(): CoreDriver {
  const driver = new CoreDriver().declare(...MODELS.map((one) => ({ ...one, config: '{}' })));
  for (const [index, { id }] of MODELS.entries()) driver.loadsTake(id, 2_000 + 1_500 * index);
  for (const [server, gpus] of Object.entries(SERVERS)) {
    const used = gpus.map((memory, ordinal) => ({ uuid: `${server}-${ordinal}`, memory, used: 0 }));
    driver.serve(aServer(server, gpus), NAMES, used);
  }
  return driver;
}

function happens(driver: CoreDriver, one: Happening): void {
  if (one.kind === 'asked') driver.resolve(one.model, { lease: one.lease, wait: one.wait });
  else if (one.kind === 'passed') driver.pass(one.millis);
  else
    for (const model of NAMES)
      for (const server of Object.keys(SERVERS))
        if (driver.isLoading(model, server))
          driver.loadEnds(model, server, one.kind === 'loaded' ? 'succeeded' : 'capacity');
}

const BEST_EFFORT = { kind: 'asked', lease: 0, wait: 0 } as const;
const LONG_WAIT = { kind: 'passed', millis: 31_000 } as const;

/** Overdue loads hold all slots of both servers. */
const LOADS_HANG: Happening[] = [
  ...[LONG_WAIT, { ...BEST_EFFORT, model: 'd' }, LONG_WAIT, { ...BEST_EFFORT, model: 'a' }],
  ...[LONG_WAIT, LONG_WAIT, { ...BEST_EFFORT, model: 'a' }],
];

/** A job of a lower class has a place that `c` preempts, for which any other place is too late. */
const PLACE_YIELDED: Happening[] = [
  ...[{ ...BEST_EFFORT, model: 'a' }, { kind: 'loaded' } as const],
  { kind: 'asked', model: 'b', lease: 90_000, wait: 5_000 },
  ...[
    { ...BEST_EFFORT, model: 'd' },
    { ...BEST_EFFORT, model: 'e' },
  ],
  { kind: 'asked', model: 'a', lease: 90_000, wait: 0 },
  ...[{ kind: 'passed', millis: 500 } as const, { kind: 'loaded' } as const],
  ...[{ kind: 'passed', millis: 500 } as const, { ...BEST_EFFORT, model: 'a' }, { kind: 'loaded' } as const],
];

/** What the turn of such a request decides. */
function decided({ fleet: before, now }: CoreDriver, model: ModelId): Pick<Why, 'refusal' | 'predictedWait'> {
  const fleet = copyFleet(before);
  const { coldStart, class: of } = fleet.models.get(model)!;
  const request = aRequest('probe', model, now, { wait: coldStart.maxWait, class: of });
  const actions = decide(fleet, [{ kind: 'RequestArrived', request }], now);
  const refused = actions.find((one) => one.kind === 'refuse' && one.request === request.id);
  if (refused?.kind === 'refuse') return { refusal: refused.refusal.reason, predictedWait: null };
  return { refusal: null, predictedWait: describeWait(fleet, model, new Now(now)).eta?.p50 ?? null };
}

const isColdAndUnasked = ({ fleet }: CoreDriver, model: ModelId): boolean =>
  !fleet.holders.has(model) && ![...fleet.waiting.values()].some((one) => one.model === model);

describe('explain, whatever has happened', () => {
  it('says of a request for a cold model what the next turn decides', () => {
    const seen = { promised: 0, refused: 0, closed: 0 };
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 30 }), (happenings) => {
        const driver = begin();
        for (const one of happenings) {
          happens(driver, one);
          for (const model of NAMES.filter((id) => isColdAndUnasked(driver, id))) {
            const why = whyOf(driver.fleet, model, new Now(driver.now));
            const { refusal, predictedWait } = why;
            expect({ model, refusal, predictedWait }).toEqual({ model, ...decided(driver, model) });
            if (why.there.some(({ verdict }) => verdict === 'closed')) seen.closed += 1;
            if (refusal !== null) seen.refused += 1;
            else seen.promised += 1;
          }
        }
      }),
      { numRuns: RUNS, seed: SEED, examples: [[LOADS_HANG], [PLACE_YIELDED]] },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(RUNS / 4);
  });
});
