import { beforeEach, describe, expect, it } from '@jest/globals';
import { Agenda, MemoryLease } from '#testing';
import { Election, type Won } from './election.js';
import type { Clock } from './ports/clock.js';

/** Lets everything happen that is ready, and what follows from it. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

/** A peer whose process can be paused: what was due meanwhile comes afterwards. */
class Peer {
  readonly reigns: Won[] = [];
  readonly held: boolean[] = [];
  readonly losses: [number, number][] = [];
  readonly election: Election;
  private isPaused = false;
  private readonly late: (() => void)[] = [];
  private cancel = (): void => undefined;

  constructor(
    private readonly time: Agenda,
    readonly name: string,
    lease: MemoryLease,
  ) {
    const self = { peer: name, grpc: `${name}:1`, http: `http://${name}:2` };
    this.election = new Election(this.clock, lease, {
      self,
      onLoss: (known, stored) => this.losses.push([known, stored]),
    });
    this.campaign();
  }

  get mayAct(): boolean {
    return this.reigns.at(-1)?.leadership.mayAct() ?? false;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const task of this.late.splice(0)) task();
  }

  private campaign(): void {
    void this.election.lead().then((reign) => {
      this.reigns.push(reign);
      reign.leadership.follow((isHeld) => this.held.push(isHeld));
      void reign.leadership.ended.then(() => this.campaign());
    });
  }

  private get clock(): Clock {
    return {
      now: () => this.time.now(),
      setAlarm: (at, ring) => {
        this.cancel();
        if (at === Infinity) return;
        const run = (): void => void (this.isPaused ? this.late.push(ring) : ring());
        this.cancel = this.time.after(at - this.time.now(), run);
      },
      soon: (task) => void this.time.after(0, task),
    };
  }
}

describe('an election', () => {
  let time: Agenda;
  let lease: MemoryLease;
  let peers: Peer[];
  const terms = (): number[] =>
    peers.flatMap(({ reigns }) => reigns.map(({ leadership }) => leadership.term));
  const leaders = (): Peer[] => peers.filter(({ mayAct }) => mayAct);

  /** Never do two act, at any moment. */
  const pass = async (ms: number): Promise<void> => {
    const end = time.now() + ms;
    for (;;) {
      await settle();
      expect(leaders().length).toBeLessThanOrEqual(1);
      const next = time.nextDue();
      if (next === undefined || next > end) break;
      time.runUntil(next);
    }
    time.runUntil(end);
    await settle();
  };

  const onlyLeader = (): Peer => {
    expect(leaders()).toHaveLength(1);
    return leaders()[0]!;
  };

  beforeEach(async () => {
    time = new Agenda(1_000);
    lease = new MemoryLease();
    peers = ['a', 'b', 'c'].map((name) => new Peer(time, name, lease));
    await pass(17_000);
  });

  it('has one leader where there was never any, and all know it', () => {
    const { name } = onlyLeader();
    expect(peers.map(({ election }) => election.present?.peer)).toEqual([name, name, name]);
    expect(terms()).toHaveLength(1);
    expect(onlyLeader().reigns[0]!.isCleanRelease).toBe(false);
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
    expect(second.reigns[0]!.isCleanRelease).toBe(false);
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
    expect(second.reigns[0]).toMatchObject({ isCleanRelease: true });
    expect(second.reigns[0]!.leadership.term).toBeGreaterThan(first.reigns[0]!.leadership.term);
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
    for (const { election } of peers) election.noteTerm(first.reigns[0]!.leadership.term + 7);
    expect(first.mayAct).toBe(false);
    lease.empty();
    await pass(14_000);
    expect(leaders()).toEqual([]);
    await pass(4_000);
    expect(onlyLeader().reigns.at(-1)!.leadership.term).toBeGreaterThan(terms()[0]! + 7);
  });

  it('is held after a pause until a renewal that was sent afterwards', async () => {
    const leader = onlyLeader();
    leader.pause();
    await pass(3_000);
    expect(leader.mayAct).toBe(false);
    leader.resume();
    expect(leader.mayAct).toBe(false);
    await settle();
    expect(leader.mayAct).toBe(true);
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
    expect(onlyLeader().reigns[0]!.lastRenewalSeenAt).toBeGreaterThanOrEqual(backAt);
  });

  it('waits a whole lease before an empty store, and tells of what was lost', async () => {
    const first = onlyLeader();
    const term = terms()[0]!;
    first.pause();
    for (const { election, name } of peers) if (name !== first.name) await election.close();
    lease.empty();
    peers.push(new Peer(time, 'd', lease));
    await pass(14_500);
    expect(leaders()).toEqual([]);
    peers.at(-1)!.election.noteTerm(term + 1);
    await pass(1_500);
    expect(onlyLeader().name).toBe('d');
    expect(peers.at(-1)!.losses).toEqual([[term + 1, 0]]);
  });

  it('counts a renewal from when it was sent', async () => {
    const { leadership } = onlyLeader().reigns[0]!;
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
