import { describe, expect, it } from '@jest/globals';
import type { Wrongs } from './lease-rules.js';
import { peersPlan } from './peers-plan.js';
import { keepPeersPromises } from './peers-seeds.js';
import { PeersWorld } from './peers-world.js';

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

/** What goes wrong where the store does not keep its word: the simulation would find that, too. */
describe('a Redis that does not do as it should', () => {
  const WRONGS: readonly (readonly [string, Wrongs])[] = [
    ['renews the lease of whoever asks', { renewsAny: true }],
    ['says of every write that it is confirmed', { confirmsAll: true }],
  ];

  it.each(WRONGS)('that %s is found out', async (_, wrongs) => {
    for (let seed = 1; seed <= SEEDS; seed += 1)
      if ((await new PeersWorld(peersPlan(seed), wrongs).run()).failure !== undefined) return;
    throw new Error(`${SEEDS} seeds find nothing`);
  });
});
