import type { Leader, Leadership, AcquiredTerm } from '#engine';

/** Where a peer is asked. */
type Place = Omit<Leader, 'term'>;

/** A lease in memory, for several peers in one process: the first that asks leads until it lets go or is deposed. */
export class FakeElections {
  private term = 0;
  private isClean = true;
  private readonly all = new Set<FakeElection>();
  private readonly waiting: FakeElection[] = [];
  private holder: FakeElection | null = null;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Another peer, asked at that place. */
  candidate(place: Place): FakeElection {
    const one = new FakeElection(place, this);
    if (this.holder) one.hear({ ...this.holder.place, term: this.term });
    this.all.add(one);
    return one;
  }

  /** The peer that leads; null: none. */
  get leader(): FakeElection | null {
    return this.holder;
  }

  /** The present leader loses its lease, as one does that could not renew it. It asks again once its term has ended. */
  depose(): void {
    this.holder?.end(false);
  }

  /** A candidate is called in by its peer. */
  ask(one: FakeElection): void {
    this.waiting.push(one);
    this.next();
  }

  /** A candidate leads no more, or wants to no more. */
  leave(one: FakeElection, isClean: boolean): void {
    const at = this.waiting.indexOf(one);
    if (at >= 0) this.waiting.splice(at, 1);
    if (this.holder !== one) return;
    this.holder = null;
    this.isClean = isClean;
    for (const candidate of this.all) candidate.hear(null);
    this.next();
  }

  private next(): void {
    const next = this.holder === null ? this.waiting.shift() : undefined;
    if (next === undefined) return;
    this.holder = next;
    this.term += 1;
    const leader = { ...next.place, term: this.term };
    for (const candidate of this.all) candidate.hear(leader);
    next.win(this.term, { isCleanRelease: this.isClean, lastRenewalSeenAt: this.now() });
  }
}

/** One peer of such a lease. */
export class FakeElection {
  present: Leader | null = null;
  private readonly tells: ((leader: Leader | null) => void)[] = [];
  private won: ((won: AcquiredTerm) => void) | undefined;
  private lost: ((isClean: boolean) => void) | undefined;
  private isHeld = false;
  private readonly held: ((isHeld: boolean) => void)[] = [];

  constructor(
    readonly place: Place,
    private readonly elections: FakeElections,
  ) {}

  lead(): Promise<AcquiredTerm> {
    return new Promise((resolve) => {
      this.won = resolve;
      this.elections.ask(this);
    });
  }

  follow(tell: (leader: Leader | null) => void): void {
    this.tells.push(tell);
  }

  expectRelease(): void {
    // A lease in memory is let go of at once.
  }

  noteTerm(): void {
    // The terms of a lease in memory always rise.
  }

  /** Holds the orders of this peer, as where its lease could not be renewed in time. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    for (const tell of this.held) tell(isHeld);
  }

  close(): Promise<void> {
    this.end(true);
    return Promise.resolve();
  }

  /** The term of this peer ends, where it has one. */
  end(isClean: boolean): void {
    this.lost?.(isClean);
    this.elections.leave(this, isClean);
  }

  hear(leader: Leader | null): void {
    this.present = leader;
    for (const tell of this.tells) tell(leader);
  }

  win(term: number, told: Omit<AcquiredTerm, 'leadership'>): void {
    let isOver = false;
    const ended = new Promise<void>((resolve) => {
      this.lost = () => {
        isOver = true;
        resolve();
      };
    });
    const leadership: Leadership = {
      term,
      mayAct: () => !isOver && !this.isHeld,
      renewedAgo: () => 0,
      follow: (tell) => void this.held.push(tell),
      tend: () => undefined,
      ended,
    };
    this.won?.({ leadership, ...told });
  }
}
