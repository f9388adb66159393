import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Agenda, MemoryLease } from '#triton-simulator';
import { Electorate, type Peer, settle } from '../../../test/support/electorate.js';

describe('an election', () => {
  let all: Electorate;
  let time: Agenda;
  let lease: MemoryLease;
  let peers: Peer[];
  const terms = (): number[] => all.terms();
  const leaders = (): Peer[] => all.leaders();
  const pass = (ms: number): Promise<void> => all.pass(ms);
  const onlyLeader = (): Peer => all.onlyLeader();

  beforeEach(async () => {
    all = await Electorate.of('a', 'b', 'c');
    ({ time, lease, peers } = all);
  });

  it('has one leader where there was never any, and all know it', () => {
    const { name } = onlyLeader();
    expect(peers.map(({ election }) => election.present?.peer)).toEqual([name, name, name]);
    expect(terms()).toHaveLength(1);
    expect(onlyLeader().terms[0]!.isCleanRelease).toBe(false);
  });

  it('keeps its leader as long as that renews', async () => {
    const leader = onlyLeader();
    await pass(600_000);
    expect(onlyLeader()).toBe(leader);
    expect(terms()).toHaveLength(1);
    expect(leader.held).toEqual([]);
  });

  it('has the next leader after a whole lease of silence, with a higher term', async () => {
    const first = onlyLeader();
    first.pause();
    await pass(14_000);
    expect(leaders()).toEqual([]);
    await pass(3_500);
    const second = onlyLeader();
    expect(second).not.toBe(first);
    expect(second.terms[0]!.isCleanRelease).toBe(false);
    first.resume();
    expect(first.mayAct).toBe(false);
    await pass(5_000);
    expect(onlyLeader()).toBe(second);
    expect(terms()[1]).not.toBe(terms()[0]);
    expect(first.election.present?.peer).toBe(second.name);
  });

  it('has the next leader at once where the first one released', async () => {
    const first = onlyLeader();
    await first.election.close();
    expect(first.mayAct).toBe(false);
    await pass(1_100);
    const second = onlyLeader();
    expect(second.terms[0]).toMatchObject({ isCleanRelease: true });
    expect(second.terms[0]!.leadership.term).toBeGreaterThan(first.terms[0]!.leadership.term);
  });

  it('looks sooner where a release is expected', async () => {
    const first = onlyLeader();
    for (const { election } of peers) election.expectRelease();
    await first.election.close();
    await pass(300);
    expect(onlyLeader()).not.toBe(first);
  });

  it('is held while no renewal is confirmed, and the term goes on', async () => {
    const leader = onlyLeader();
    lease.isConfirming = false;
    await pass(10_500);
    expect(leader.held).toEqual([true]);
    await pass(60_000);
    expect(leaders()).toEqual([]);
    lease.isConfirming = true;
    await pass(1_000);
    expect(onlyLeader()).toBe(leader);
    expect(leader.held).toEqual([true, false]);
  });

  it('is held but changes no leader while the store is away, however long', async () => {
    const leader = onlyLeader();
    lease.failsWith = new Error('away');
    await pass(100_000);
    expect(leaders()).toEqual([]);
    lease.failsWith = null;
    await pass(1_000);
    expect(onlyLeader()).toBe(leader);
    await pass(60_000);
    expect(terms()).toHaveLength(1);
  });

  it('changes no leader where the store is emptied', async () => {
    const leader = onlyLeader();
    lease.empty();
    await pass(60_000);
    expect(onlyLeader()).toBe(leader);
    expect(leader.held).toEqual([]);
    expect(terms()).toHaveLength(1);
  });

  it('gives no term that any peer has heard of, also after the store forgot all', async () => {
    const first = onlyLeader();
    for (const { election } of peers) election.noteTerm(first.terms[0]!.leadership.term + 7);
    expect(first.mayAct).toBe(false);
    lease.empty();
    await pass(14_000);
    expect(leaders()).toEqual([]);
    await pass(4_000);
    expect(onlyLeader().terms.at(-1)!.leadership.term).toBeGreaterThan(terms()[0]! + 7);
  });

  it('acts though its process is late, until its renewal is too old', async () => {
    const leader = onlyLeader();
    leader.pause();
    await pass(7_000);
    expect(leader.mayAct).toBe(true);
    await pass(3_000);
    expect(leader.mayAct).toBe(false);
    leader.resume();
    await settle();
    expect([leader.mayAct, leader.held]).toEqual([true, [true, false]]);
    expect(terms()).toHaveLength(1);
  });

  it('counts no silence while the store can confirm nothing', async () => {
    const leader = onlyLeader();
    const others = peers.filter((peer) => peer !== leader);
    leader.pause();
    lease.isConfirming = false;
    await pass(60_000);
    lease.isConfirming = true;
    await pass(14_000);
    expect(leaders()).toEqual([]);
    await pass(3_500);
    expect(others).toContain(onlyLeader());
  });

  it('takes it that a renewal was missed while the lease was not read', async () => {
    const leader = onlyLeader();
    leader.pause();
    await pass(5_000);
    lease.failsWith = new Error('away');
    await pass(60_000);
    const backAt = time.now();
    lease.failsWith = null;
    await pass(20_000);
    expect(onlyLeader().terms[0]!.lastRenewalSeenAt).toBeGreaterThanOrEqual(backAt);
  });

  it('waits a whole lease before an empty store, and tells of what was lost', async () => {
    const first = onlyLeader();
    const term = terms()[0]!;
    first.pause();
    for (const { election, name } of peers) if (name !== first.name) await election.close();
    lease.empty();
    all.add('d');
    await pass(14_500);
    expect(leaders()).toEqual([]);
    peers.at(-1)!.election.noteTerm(term + 1);
    await pass(1_500);
    expect(onlyLeader().name).toBe('d');
    expect(peers.at(-1)!.losses).toEqual([[term + 1, 0]]);
  });

  it('counts a renewal from when it was sent', async () => {
    const { leadership } = onlyLeader().terms[0]!;
    await pass(1_000);
    expect(leadership.renewedAgo()).toBeLessThanOrEqual(2_000);
    lease.failsWith = new Error('away');
    const before = leadership.renewedAgo();
    await pass(5_000);
    expect(leadership.renewedAgo()).toBe(before + 5_000);
    lease.failsWith = null;
    let answer = (): void => undefined;
    lease.answers = new Promise((resolve) => (answer = resolve));
    await pass(3_000);
    answer();
    await settle();
    expect(leadership.renewedAgo()).toBeGreaterThan(2_500);
    expect(leadership.renewedAgo()).toBeLessThan(5_000);
  });

  it('takes no lease that was not confirmed', async () => {
    lease.isConfirming = false;
    await onlyLeader().election.close();
    await pass(40_000);
    expect(leaders()).toEqual([]);
    expect(terms()).toHaveLength(1);
    lease.isConfirming = true;
    await pass(20_000);
    onlyLeader();
  });
});
