import type { Claimed, Lease, LeaseClaim, LeaseKeeper, LeaseReading, LeaseState, Renewed } from '#engine';

/** The lease in memory, shared by all peers of one process: it can be away, lack confirmation, and be emptied. */
export class MemoryLease implements LeaseKeeper {
  /** Calls reject with it. */
  failsWith: Error | null = null;
  /** Calls are answered once it has resolved. */
  answers: Promise<void> = Promise.resolve();
  isConfirming = true;
  /** The least that a new term is: the microseconds of the store's clock. */
  micros = 1;
  private state: LeaseState = NOTHING;

  async read(): Promise<LeaseReading> {
    await this.turn();
    return { ...this.state, canConfirm: this.isConfirming };
  }

  async acquire({ peer, grpc, http, floor, seen }: LeaseClaim): Promise<Claimed> {
    await this.turn();
    if (JSON.stringify(seen) !== JSON.stringify(this.state)) return { outcome: 'taken' };
    const term = Math.max(this.state.lastTerm + 1, floor + 1, this.micros);
    const lease: Lease = { peer, term, renewals: 0, grpc, http };
    this.state = { ...this.state, lease, lastTerm: term };
    return { outcome: 'acquired', lease, isConfirmed: this.isConfirming };
  }

  async renew(lease: Lease): Promise<Renewed> {
    await this.turn();
    const { lease: held, lastTerm, releasedTerm } = this.state;
    const isOthers = held !== null && held.term !== lease.term;
    if (isOthers || lastTerm > lease.term || releasedTerm >= lease.term) return 'lost';
    this.state = { lease, lastTerm: lease.term, releasedTerm };
    return this.isConfirming ? 'confirmed' : 'unconfirmed';
  }

  async release({ term }: Lease): Promise<void> {
    await this.turn();
    if (this.state.lease?.term === term) this.state = { ...this.state, lease: null, releasedTerm: term };
  }

  /** Everything is lost. */
  empty(): void {
    this.state = NOTHING;
  }

  private async turn(): Promise<void> {
    await this.answers;
    if (this.failsWith) throw this.failsWith;
  }
}

const NOTHING: LeaseState = { lease: null, lastTerm: 0, releasedTerm: 0 };
