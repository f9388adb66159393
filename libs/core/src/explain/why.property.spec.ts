import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel, aRequest, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { copyFleet, type Fleet, type ModelId, step, type Why, whyOf } from '../index.js';
import { describeWait } from '../loading/eta.js';

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
  | { readonly kind: 'passed'; readonly millis: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: asked() },
  fc.record({ kind: fc.constant('loaded' as const) }),
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
  for (const [server, gpus] of Object.entries(SERVERS)) driver.serve(aServer(server, gpus), NAMES);
  return driver;
}

function happens(driver: CoreDriver, one: Happening): void {
  if (one.kind === 'asked') driver.resolve(one.model, { lease: one.lease, wait: one.wait });
  else if (one.kind === 'passed') driver.pass(one.millis);
  else
    for (const model of NAMES)
      for (const server of Object.keys(SERVERS))
        if (driver.isLoading(model, server)) driver.loadEnds(model, server);
}

const WISHED = { kind: 'asked', lease: 0, wait: 0 } as const;
const LONG_WAIT = { kind: 'passed', millis: 31_000 } as const;

/** Overdue loads hold all slots of both servers. */
const LOADS_HANG: Happening[] = [
  ...[LONG_WAIT, { ...WISHED, model: 'd' }, LONG_WAIT, { ...WISHED, model: 'a' }],
  ...[LONG_WAIT, LONG_WAIT, { ...WISHED, model: 'a' }],
];

/** What explain tells before a request, and what the turn decides of it. */
interface Said {
  readonly refusal: string | null;
  readonly wait: number | null;
  readonly victims: readonly string[];
}

const told = ({ job, predictedWait }: Why): Said => ({
  refusal: job?.refusal ?? null,
  wait: predictedWait,
  victims: job?.refusal ? [] : (job?.victims ?? []).toSorted(),
});

function decided(driver: CoreDriver, model: ModelId): Said | 'sooner' {
  const fleet = copyFleet(driver.fleet);
  const { now } = driver;
  const { coldStart, class: of } = fleet.models.get(model)!;
  const request = aRequest('probe', model, now, { wait: coldStart.maxWait, class: of });
  const before = leavingFor(fleet, model);
  const actions = step(fleet, [{ kind: 'RequestArrived', request }], now);
  const refused = actions.find((one) => one.kind === 'refuse' && one.request === request.id);
  if (refused?.kind === 'refuse') return { refusal: refused.refusal.reason, wait: null, victims: [] };
  const left = leavingFor(fleet, model).filter((one) => !before.includes(one));
  const victims = [...left, ...(fleet.line.get(model)?.victims ?? [])].toSorted();
  const wait = describeWait(fleet, model, now).eta?.p50 ?? null;
  return isYielded(driver.fleet, fleet) ? 'sooner' : { refusal: null, wait, victims };
}

/** Whether a job gave its place back to one of a higher class, which is sooner then than it was promised. */
const isYielded = (before: Fleet, after: Fleet): boolean =>
  [...before.replicas.values()].some(({ id, phase }) => phase === 'placed' && !after.replicas.has(id));

const leavingFor = ({ replicas }: Fleet, model: ModelId): string[] =>
  [...replicas.values()].flatMap((one) =>
    'makesRoomFor' in one && one.makesRoomFor === model ? [one.id as string] : [],
  );

const isColdAndUnasked = ({ fleet }: CoreDriver, model: ModelId): boolean =>
  !fleet.holders.has(model) && ![...fleet.waiting.values()].some((one) => one.model === model);

describe('explain, whatever has happened', () => {
  it('says of a request for a cold model what the next turn decides', () => {
    const seen = { promised: 0, evicting: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 30 }), (happenings) => {
        const driver = begin();
        for (const one of happenings) {
          happens(driver, one);
          for (const model of NAMES.filter((id) => isColdAndUnasked(driver, id))) {
            const said = told(whyOf(driver.fleet, model, driver.now));
            const what = decided(driver, model);
            if (what === 'sooner') continue;
            expect({ model, ...said }).toEqual({ model, ...what });
            if (said.refusal !== null) seen.refused += 1;
            else seen[said.victims.length > 0 ? 'evicting' : 'promised'] += 1;
          }
        }
      }),
      { numRuns: RUNS, seed: SEED, examples: [[LOADS_HANG]] },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(RUNS / 4);
  });
});
