import { expect } from '@jest/globals';
import { type Clock, Election, type AcquiredTerm } from '#engine';
import { Agenda, MemoryLease } from '#triton-simulator';

/** Lets everything happen that is ready, and what follows from it. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

/** A peer whose process can be paused: what was due meanwhile comes afterwards. */
export class Peer {
  readonly terms: AcquiredTerm[] = [];
  readonly held: boolean[] = [];
  readonly losses: [number, number][] = [];
  readonly election: Election;
  /** What it says of its orders at each renewal. */
  isKeptBack = false;
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
    return this.terms.at(-1)?.leadership.mayAct() ?? false;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    for (const task of this.late.splice(0)) task();
  }

  private campaign(): void {
    void this.election.lead().then((term) => {
      this.terms.push(term);
      term.leadership.follow((isHeld) => this.held.push(isHeld));
      term.leadership.tend(() => this.isKeptBack);
      void term.leadership.ended.then(() => this.campaign());
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

/** Peers that share a lease, in virtual time. */
export class Electorate {
  readonly time = new Agenda(1_000);
  readonly lease = new MemoryLease();
  readonly peers: Peer[] = [];

  /** They have a leader once it is there. */
  static async of(...names: readonly string[]): Promise<Electorate> {
    const all = new Electorate();
    for (const name of names) all.add(name);
    await all.pass(17_000);
    return all;
  }

  add(name: string): Peer {
    const peer = new Peer(this.time, name, this.lease);
    this.peers.push(peer);
    return peer;
  }

  /** Never do two act, at any moment. */
  async pass(ms: number): Promise<void> {
    const { time } = this;
    const end = time.now() + ms;
    for (;;) {
      await settle();
      expect(this.leaders().length).toBeLessThanOrEqual(1);
      const next = time.nextDue();
      if (next === undefined || next > end) break;
      time.runUntil(next);
    }
    time.runUntil(end);
    await settle();
  }

  /** Until the leader has let go, and not a moment longer. */
  async untilNoneLeads(): Promise<void> {
    for (; this.leaders().length > 0; await settle()) this.time.runUntil(this.time.nextDue()!);
  }

  terms(): number[] {
    return this.peers.flatMap(({ terms }) => terms.map(({ leadership }) => leadership.term));
  }

  leaders(): Peer[] {
    return this.peers.filter(({ mayAct }) => mayAct);
  }

  onlyLeader(): Peer {
    expect(this.leaders()).toHaveLength(1);
    return this.leaders()[0]!;
  }
}
