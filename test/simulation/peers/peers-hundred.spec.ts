import { describe, expect, it } from '@jest/globals';
import { keepPeersPromises } from './peers-seeds.js';

const SEEDS = 100;

describe('three peers under faults, a hundred times', () => {
  const played = keepPeersPromises({ first: 11, count: SEEDS });

  it('change their leader, order, and answer in every way', () => {
    const met = new Set(played.flatMap(({ answers }) => [...answers.keys()]));
    expect(['warm', 'cold', 'no_leader'].filter((answer) => !met.has(answer))).toEqual([]);
    expect(played.some(({ reigns }) => reigns > 4)).toBe(true);
    expect(played.every(({ orders }) => orders > 0)).toBe(true);
  });
});
