import { describe, expect, it } from '@jest/globals';
import { Electorate, type Peer } from '../../../test/support/electorate.js';

/** The orders of the leader are kept back from now on. */
async function aStuckLeader(...names: readonly string[]): Promise<{ all: Electorate; leader: Peer }> {
  const all = await Electorate.of(...names);
  const leader = all.onlyLeader();
  leader.isKeptBack = true;
  return { all, leader };
}

describe('a leader that can send no order though the store answers', () => {
  it('gives the lease back after three renew deadlines, and another peer leads at once', async () => {
    const { all, leader } = await aStuckLeader('a', 'b');
    await all.pass(29_000);
    expect(all.onlyLeader()).toBe(leader);
    await all.pass(5_000);
    expect(all.onlyLeader()).not.toBe(leader);
    expect(all.onlyLeader().terms[0]!.isCleanRelease).toBe(true);
  });

  it('stays where it could send one meanwhile', async () => {
    const { all, leader } = await aStuckLeader('a', 'b');
    await all.pass(20_000);
    leader.isKeptBack = false;
    await all.pass(2_000);
    leader.isKeptBack = true;
    await all.pass(25_000);
    expect(all.onlyLeader()).toBe(leader);
  });

  it('stays while the store is away, and for three renew deadlines more', async () => {
    const { all, leader } = await aStuckLeader('a', 'b');
    await all.pass(20_000);
    all.lease.failsWith = new Error('away');
    await all.pass(60_000);
    all.lease.failsWith = null;
    await all.pass(29_000);
    expect(all.onlyLeader()).toBe(leader);
    await all.pass(5_000);
    expect(all.onlyLeader()).not.toBe(leader);
  });

  it('asks again for the release that was not answered', async () => {
    const { all, leader } = await aStuckLeader('a', 'b');
    await all.pass(29_000);
    await all.untilNoneLeads();
    all.lease.failsWith = new Error('away');
    await all.pass(3_000);
    expect(all.leaders()).toEqual([]);
    all.lease.failsWith = null;
    await all.pass(1_500);
    expect(all.onlyLeader()).not.toBe(leader);
  });

  it('leaves a lease that is released within a minute to the others, and takes it afterwards', async () => {
    const { all, leader } = await aStuckLeader('a', 'b', 'c');
    await all.pass(34_000);
    leader.isKeptBack = false;
    await all.onlyLeader().election.close();
    await all.pass(5_000);
    const third = all.onlyLeader();
    expect(third).not.toBe(leader);
    await all.pass(60_000);
    await third.election.close();
    await all.pass(2_000);
    expect(all.onlyLeader()).toBe(leader);
  });

  it('ends the term that its rows have ended, and the next one begins at once', async () => {
    const all = await Electorate.of('a');
    const leader = all.onlyLeader();
    const { term } = leader.terms[0]!.leadership;
    leader.election.endTerm(term - 1);
    expect(leader.mayAct).toBe(true);
    leader.election.endTerm(term);
    expect(leader.mayAct).toBe(false);
    await all.pass(1_500);
    expect(all.onlyLeader().terms.at(-1)!.leadership.term).toBeGreaterThan(term);
  });

  it('takes the lease again where no other peer takes it for a whole lease', async () => {
    const { all, leader } = await aStuckLeader('a', 'b');
    await all.peers.find((peer) => peer !== leader)!.election.close();
    await all.pass(34_000);
    expect(all.leaders()).toEqual([]);
    leader.isKeptBack = false;
    await all.pass(17_000);
    expect(all.onlyLeader()).toBe(leader);
  });
});
