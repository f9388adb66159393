import { describe, expect, it } from '@jest/globals';
import { figuresOf, type Result } from './figures.js';
import type { Played, Told } from './playing.js';
import { scenarios } from './scenarios.js';

const told = (id: string, parts: Partial<Told>): Told =>
  ({
    ...{ id, at: 0, model: 'm', class: 'default', wait: 5_000, lease: 500, tenant: 'small' },
    ...{ answeredAt: 1_000, answer: 'cold', isPromised: true, cause: null, ...parts },
  }) as Told;

const played = (all: readonly Told[], wouldHave: readonly boolean[] = []): Played => ({
  ...{ all, wouldHave: wouldHave.map((isServed) => ({ isServed, costsOthers: false })) },
  ...{ seconds: 1, loads: 1 },
});

const scenario = scenarios().find(({ name }) => name === 'uniform-x0.5')!;
const valuesOf = (result: Partial<Result>): Record<string, number> =>
  Object.fromEntries(
    figuresOf([{ scenario, real: played([]), ...result }]).map(({ name, value }) => [name, value]),
  );

describe('the figures of promises', () => {
  it('count a promise as kept only where it was served in time', () => {
    const real = played([
      told('a', {}),
      told('b', { answeredAt: 6_000 }),
      told('c', { answer: 'loading' }),
      told('d', { answer: 'loading', isPromised: false }),
    ]);
    expect(valuesOf({ real })['promise_kept']).toBeCloseTo(1 / 3);
  });

  it('tell broken promises with a listed cause from others', () => {
    const broken = { answer: 'loading', answeredAt: 5_000 };
    const real = played([told('a', broken), told('b', { ...broken, cause: 'load_late' })]);
    expect(valuesOf({ real })['promise_unlisted']).toBe(1);
  });

  it('take the refused that would have been served for a part of all requests', () => {
    const refused = told('a', { answer: 'no_capacity', answeredAt: 10, isPromised: false });
    const real = played([refused, ...['b', 'c', 'd'].map((id) => told(id, {}))], [true, false]);
    const values = valuesOf({ real });
    expect(values['promise_regret']).toBe(0.5);
    expect(values['promise_regret_half']).toBe(1 / 8);
    expect(values['promise_refusal']).toBe(10);
  });

  it('compare a small tenant with itself alone', () => {
    const real = played([told('a', {}), told('b', { answer: 'over_share' })]);
    const alone = played([told('a', {}), told('b', {})]);
    expect(valuesOf({ real, alone })['promise_small']).toBe(0.5);
  });
});
