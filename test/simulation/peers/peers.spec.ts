import { describe, expect, it } from '@jest/globals';
import { peersPlan } from './peers-plan.js';
import { PeersWorld } from './peers-world.js';
import { keepPeersPromises } from './peers-seeds.js';

describe('three peers under faults', () => {
  keepPeersPromises({ first: 1, count: 2 });

  it('go the same way twice', async () => {
    const play = async (): Promise<readonly string[]> =>
      (await new PeersWorld({ ...peersPlan(4), storm: 60_000 }).run()).lines;
    expect(await play()).toEqual(await play());
  });
});
