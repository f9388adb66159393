import fc from 'fast-check';
import type { Class } from '#core';

/** At most so many models; what is said of them by number counts from 0. */
const MODELS = 6;

/** A copy of a model on a server, in whichever phase. */
export interface Holding {
  readonly phase: 'loading' | 'ready' | 'draining' | 'unloading' | 'unknown';
  /** Which of the ways that the model has there, taken round. */
  readonly way: number;
  readonly isYoung: boolean;
  /** Rank among all: the lower, the longer ago. */
  readonly lastUse: number;
  /** How long a lease on it lasts; 0: none. */
  readonly lease: number;
  readonly isQueued: boolean;
  readonly isStranger: boolean;
  /** Whether it only fails; ignored for a stranger. */
  readonly isFailing: boolean;
  /** Of an unload: whether it outlasts its bound. Of what is unknown: whether it is on its way in. */
  readonly isOdd: boolean;
}

/** A model as it is wanted. */
export interface SmallModel {
  readonly gpu: number;
  readonly host: number;
  /** Whether its config was declared, so that Berth chooses the device. */
  readonly isConfigured: boolean;
  /** The first of these devices are booked as one set. */
  readonly spreadsOver: 0 | 1 | 2;
  /** The numbers of the models it needs; those from its own on count for nothing. */
  readonly needs: readonly number[];
  /** Whether these are steps that its own load brings along, and it books nothing itself. */
  readonly isEnsemble: boolean;
  readonly zone: 'a' | null;
  /** Whether its copies are to be in different zones, where they can. */
  readonly isSpread: boolean;
  readonly pinned: number;
  readonly minResidency: number;
  readonly isEnabled: boolean;
  /** Whether copies of it that fail are replaced. */
  readonly isReplaced: boolean;
  readonly class: Class;
  /** Whether it may leave by itself once it is idle for a while. */
  readonly isRetired: boolean;
  /** Whether a request waits for it that has failed on every copy there is. */
  readonly isDoubted: boolean;
}

/** A server with what it holds. */
export interface SmallServer {
  /** None: it runs on the processor. */
  readonly gpus: number;
  /** Memory beyond what is held; below 0 it holds more than it has. */
  readonly slack: readonly number[];
  readonly isZoned: boolean;
  readonly strangers: 'keep' | 'adopt';
  readonly state: 'up' | 'lost' | 'draining';
  /** Whether others have just left for a load on each of its devices. */
  readonly hasEvicted: boolean;
  /** Models its repository does not list. */
  readonly lacks: readonly number[];
  /** What was learned of the config of each model. */
  readonly configs: readonly ('gpu' | 'cpu' | null)[];
  /** Of all models but the last, which is the newcomer. */
  readonly holdings: readonly (Holding | null)[];
}

/** What is wanted next: a copy for a waiting request, or one more that stays. */
export interface Demand {
  readonly kind: 'request' | 'pin';
  /** Which of the models that it could be for, taken round. */
  readonly of: number;
  readonly wait: number;
}

export interface SmallFleet {
  readonly models: readonly SmallModel[];
  readonly servers: readonly SmallServer[];
  /** Whether both servers draw on the memory of one host. */
  readonly isOneHost: boolean;
  /** Memory of the hosts beyond what is held; null: not limited. */
  readonly hostSlack: number | null;
  /** Whether everything was used at the same moment, as after a restart. */
  readonly isTied: boolean;
  /** How many loads of a minute others may be evicted for, on one device. */
  readonly evictions: number;
  /** How many loads may run at once. */
  readonly slots: { readonly ofServer: number; readonly ofDevice: number };
  readonly demands: readonly Demand[];
}

const rarely = <Value>(often: Value, seldom: Value, every: number): fc.Arbitrary<Value> =>
  fc.oneof(
    { weight: every - 1, arbitrary: fc.constant(often) },
    { weight: 1, arbitrary: fc.constant(seldom) },
  );

const holding: fc.Arbitrary<Holding> = fc.record({
  phase: fc.oneof(
    { weight: 12, arbitrary: fc.constant('ready' as const) },
    { weight: 3, arbitrary: fc.constantFrom('loading', 'draining', 'unloading', 'unknown' as const) },
  ),
  way: fc.nat({ max: 2 }),
  isYoung: rarely(false, true, 8),
  lastUse: fc.nat({ max: 99 }),
  lease: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(5_000) }),
  isQueued: rarely(false, true, 16),
  isStranger: rarely(false, true, 6),
  isFailing: rarely(false, true, 4),
  isOdd: fc.boolean(),
});

const model: fc.Arbitrary<SmallModel> = fc.record({
  gpu: fc.nat({ max: 9 }),
  host: fc.oneof(fc.constant(0), fc.nat({ max: 5 })),
  isConfigured: fc.boolean(),
  spreadsOver: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0 as const) },
    { weight: 1, arbitrary: fc.constantFrom(1, 2 as const) },
  ),
  needs: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.nat({ max: MODELS - 2 }), { maxLength: 2 }) },
  ),
  isEnsemble: fc.boolean(),
  zone: rarely<'a' | null>(null, 'a', 8),
  isSpread: rarely(false, true, 4),
  pinned: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(1, 2) }),
  minResidency: fc.constantFrom(0, 0, 2_000),
  isEnabled: rarely(true, false, 15),
  isReplaced: fc.boolean(),
  class: fc.constantFrom<Class>('default', 'default', 'critical', 'sheddable'),
  isRetired: fc.boolean(),
  isDoubted: rarely(false, true, 20),
});

const server: fc.Arbitrary<SmallServer> = fc.record({
  gpus: fc.constantFrom(1, 1, 2, 2, 0),
  slack: fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 2, maxLength: 2 }),
  isZoned: fc.boolean(),
  strangers: fc.constantFrom('keep', 'adopt' as const),
  state: fc.oneof(
    { weight: 9, arbitrary: fc.constant('up' as const) },
    { weight: 1, arbitrary: fc.constantFrom('lost', 'draining' as const) },
  ),
  hasEvicted: rarely(false, true, 3),
  lacks: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.nat({ max: MODELS - 1 }), { maxLength: 2 }) },
  ),
  configs: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      { weight: 2, arbitrary: fc.constantFrom('gpu', 'cpu' as const) },
    ),
    { minLength: MODELS, maxLength: MODELS },
  ),
  holdings: fc.array(fc.option(holding, { freq: 4 }), { minLength: MODELS - 1, maxLength: MODELS - 1 }),
});

/** Up to 6 models on up to 2 servers with up to 2 devices each, full or nearly so, and what is wanted of them next. */
export const smallFleets: fc.Arbitrary<SmallFleet> = fc.record({
  models: fc.oneof(
    { weight: 1, arbitrary: fc.array(model, { minLength: 2, maxLength: MODELS - 1 }) },
    { weight: 3, arbitrary: fc.array(model, { minLength: MODELS, maxLength: MODELS }) },
  ),
  servers: fc.array(server, { minLength: 1, maxLength: 2 }),
  isOneHost: fc.boolean(),
  hostSlack: fc.option(fc.integer({ min: 0, max: 8 }), { freq: 2 }),
  isTied: rarely(false, true, 6),
  evictions: rarely(20, 1, 3),
  slots: fc.record({ ofServer: fc.constantFrom(1, 2, 16), ofDevice: fc.constantFrom(1, 16) }),
  demands: fc.array(
    fc.record({
      kind: fc.constantFrom('request', 'request', 'request', 'pin' as const),
      of: fc.nat({ max: MODELS - 1 }),
      wait: fc.constantFrom(1_000, 10_000, 60_000),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
