import { describe, expect, it } from '@jest/globals';
import { asksOf, scenarios, SMALL } from './scenarios.js';

const named = (name: string) => scenarios().find((one) => one.name === name)!;
const rateOf = (name: string): number => {
  const scenario = named(name);
  const asks = asksOf(scenario).filter(({ at }) => at < scenario.end);
  return asks.length / (scenario.end / 1_000);
};

describe('the scenarios of promises', () => {
  it('have names of their own', () => {
    const names = scenarios().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('begin with 200 requests a second', () => {
    expect(scenarios()[0]!.name).toBe('first-uniform');
    expect(rateOf('first-uniform') / 200).toBeCloseTo(1, 1);
  });

  it('ask for as many cold models at a load of 1 as the swaps allow, and for the warm ones on top', () => {
    const swapsPerSecond = (4 * 20) / 60;
    const warm = 12 / 60;
    expect((rateOf('uniform-x4') * (1 - warm)) / (4 * swapsPerSecond)).toBeCloseTo(1, 1);
    expect(rateOf('zipf-x4')).toBeGreaterThan(rateOf('uniform-x4'));
  });

  it('ask the same in every play', () => {
    expect(asksOf(named('zipf-x1'))).toEqual(asksOf(named('zipf-x1')));
  });

  it('have one of twenty requests from the small tenant beside the flood', () => {
    const asks = asksOf(named('flood-uniform'));
    expect(asks.filter(({ tenant }) => tenant === SMALL).length / asks.length).toBeCloseTo(0.05, 2);
  });
});
