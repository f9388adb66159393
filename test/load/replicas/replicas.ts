import type { Figure } from '../figure.js';
import { changesOfLeader } from './changes-of-leader.js';
import { adminWrites } from './confirmed-writes.js';
import { singleFailures } from './single-failures.js';
import { tableSize } from './table-size.js';
import { takeover } from './takeover.js';
import { warmFollower } from './warm-follower.js';
import { withdrawals } from './withdrawals.js';

/** What is measured, in this order. */
const PARTS: Readonly<Record<string, () => Promise<Figure | Figure[]>>> = {
  withdrawals,
  table: tableSize,
  follower: warmFollower,
  writes: adminWrites,
  takeover,
  leader: async () => [...(await changesOfLeader('fast')), ...(await changesOfLeader('default'))],
  failures: singleFailures,
};

/** Several Berths on one Redis: what following costs, and what is noticed of failures. `only`: the parts that begin so. */
export async function replicas(only: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [name, play] of Object.entries(PARTS))
    if (name.startsWith(only)) figures.push(...[await play()].flat());
  return figures;
}
