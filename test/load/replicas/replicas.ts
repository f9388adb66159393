import type { Figure } from '../figure.js';
import { changesOfLeader } from './changes-of-leader.js';
import { adminWrites } from './confirmed-writes.js';
import { tableSize } from './table-size.js';
import { warmFollower } from './warm-follower.js';
import { withdrawals } from './withdrawals.js';

/** Several Berths on one Redis: what following costs, and what is noticed of a leader that is gone. */
export async function replicas(): Promise<Figure[]> {
  return [
    await withdrawals(),
    await tableSize(),
    await warmFollower(),
    await adminWrites(),
    ...(await changesOfLeader('fast')),
    ...(await changesOfLeader('default')),
  ];
}
