import { Now } from '#core';
import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { gpuAccount, type ModelId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';

const RUNS = Number(process.env['RUNS'] ?? 100);
const SIZE = 20;
/** Long enough for two looks at rest, wherever they begin, and for what is late to be given up. */
const REST = 25_000;
const T = aServer('t', [SIZE]).id;
const GPU = gpuAccount(T, 0);

/** What is declared of each model, what it takes, and what its unload leaves behind. */
const MODELS = [
  { id: 'honest', declared: 4, takes: 4, leaves: 0 },
  { id: 'modest', declared: 6, takes: 3, leaves: 1 },
  { id: 'greedy', declared: 3, takes: 7, leaves: 2 },
  { id: 'sticky', declared: 8, takes: 8, leaves: 5 },
  { id: 'large', declared: 16, takes: 16, leaves: 0 },
];

type Happening =
  | { readonly kind: 'asked'; readonly model: string }
  | { readonly kind: 'unloaded'; readonly model: string }
  | { readonly kind: 'others'; readonly take: number }
  | { readonly kind: 'rested' };

const model = fc.constantFrom(...MODELS.map(({ id }) => id));
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('asked' as const), model }) },
  fc.record({ kind: fc.constant('unloaded' as const), model }),
  fc.record({ kind: fc.constant('others' as const), take: fc.nat({ max: 9 }) }),
  { weight: 3, arbitrary: fc.constant<Happening>({ kind: 'rested' }) },
);

/** A GPU whose metrics show what is truly in use. */
class Gpu {
  readonly driver = new CoreDriver();
  private others = 0;
  /** Orders before the last rest, after which no other process has come. */
  private before: number | null = null;

  constructor() {
    const models = MODELS.map(({ id, declared }) => aModel(id, { gpuBytes: declared, idleUnload: null }));
    const ids = MODELS.map(({ id }) => id);
    this.driver.declare(...models).serve(aServer('t', [SIZE]), ids);
    const gpus = () => [{ uuid: 't-0', memory: SIZE, used: Math.min(SIZE, this.used) }];
    Object.defineProperty(this.driver.shelf('t'), 'gpus', { get: gpus });
    this.driver.pass(REST);
  }

  get used(): number {
    return MODELS.reduce((sum, { id, takes, leaves }) => {
      const { states, reasons } = this.driver.shelf('t');
      const [state, reason] = [states.get(id as ModelId), reasons.get(id as ModelId)];
      if (state === 'UNAVAILABLE') return sum + (reason === 'unloaded' ? leaves : 0);
      return sum + (state === '' ? 0 : takes);
    }, this.others);
  }

  happens(one: Happening): void {
    const { driver } = this;
    if (one.kind === 'asked') driver.resolve(one.model);
    if (one.kind === 'unloaded')
      driver.tell({ kind: 'UnloadOrdered', model: one.model as ModelId, force: true });
    if (one.kind === 'others') this.others = Math.min(one.take, SIZE - this.used + this.others);
    if (one.kind === 'others') this.before = null;
    if (one.kind === 'rested') this.rest();
  }

  /** Ends all loads, by running out of memory where there is none; false where the books could tell. */
  endLoads(): boolean {
    const mayRunOut = !this.knows();
    const runsOut = this.used > SIZE;
    for (const { id } of this.loading()) {
      this.driver.loadEnds(id, 't', this.used > SIZE ? 'capacity' : 'succeeded');
    }
    return mayRunOut || !runsOut;
  }

  /** Whether no more is held than is counted, as it has to be at rest. */
  get countsAll(): boolean {
    const { fleet, now } = this.driver;
    return new Ledger(fleet, new Now(now)).free(GPU) <= SIZE - this.used;
  }

  /** What waits is tried, one after the other, before nothing moves any more. */
  private rest(): void {
    this.before = null;
    this.driver.pass(REST);
    for (let left = MODELS.length; left > 0 && this.loading().length > 0; left -= 1) {
      this.endLoads();
      this.driver.pass(REST);
    }
    this.before = this.loading().length === 0 ? this.driver.orders().length : null;
  }

  private loading(): typeof MODELS {
    return MODELS.filter(({ id }) => this.driver.isLoading(id, 't'));
  }

  /**
   * Whether one load alone was ordered since the last rest, of a size that was declared or measured, and after one unload
   * at most, of a copy that was measured right and leaves nothing: then nothing is left that the books could not tell.
   */
  private knows(): boolean {
    if (this.before === null) return false;
    const orders = this.driver.orders().slice(this.before);
    const loads = MODELS.filter(({ id }) => orders.includes(`load ${id}@t`));
    const isTold = loads.every(({ id, declared, takes }) => Math.max(declared, this.peakOf(id)) >= takes);
    const unloads = MODELS.filter(({ id }) => orders.includes(`unload ${id}@t`));
    const isClean = unloads.every(({ id, takes, leaves }) => leaves === 0 && this.peakOf(id) === takes);
    return isTold && isClean && orders.length <= 2 && unloads.length <= 1;
  }

  private peakOf(id: string): number {
    return this.driver.fleet.footprints.get(id as ModelId)?.peak ?? 0;
  }
}

describe('a GPU, whatever sizes are declared, unloads leave behind, and others take', () => {
  it('is known at rest to the last byte, and asked for no more than it has by what was known then', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 25 }), (happenings) => {
        const gpu = new Gpu();
        return happenings.every((one) => {
          gpu.happens(one);
          return gpu.endLoads() && (one.kind !== 'rested' || gpu.countsAll);
        });
      }),
      { numRuns: RUNS, seed: 11 },
    );
  });
});
