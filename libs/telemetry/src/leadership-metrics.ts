import type { Counter } from 'prom-client';
import type { Instant } from '#core';
import type { Turn } from '#engine';
import type { Instruments } from './instruments.js';

/** What the metrics read while this process decides. */
export interface LeadershipFacts {
  readonly term: number;
  /** Whether the store takes writes. */
  readonly isStoreOk: () => boolean;
}

/** Whether this process decides, in which term, and for how long it may not send orders. */
export class LeadershipMetrics {
  private term: LeadershipFacts | null = null;
  private heldSince: Instant | null = null;
  private heard: () => number = () => 0;
  private readonly held: Counter;
  private readonly late: Counter;
  private readonly lost: Counter;

  constructor(
    make: Instruments,
    private readonly now: () => Instant,
  ) {
    make.read('leader', 'Whether this process decides.', () => (this.term === null ? 0 : 1));
    make.read(
      'term',
      'The number of the present term, of this process or of the peer that leads; 0: no peer is known to lead.',
      () => this.term?.term ?? this.heard(),
    );
    make.read(
      'store_ok',
      '1 while the store takes writes; 0 from a failure on, until a write has succeeded.',
      () => ((this.term?.isStoreOk() ?? true) ? 1 : 0),
    );
    make.read('held', 'Whether this leader sends no orders, since its lease is not renewed.', () =>
      this.heldSince === null ? 0 : 1,
    );
    this.held = make.counter(
      'held_seconds_total',
      'For how long leaders in this process sent no orders, since their leases were not renewed.',
    );
    this.late = make.counter(
      'late_orders_total',
      'Orders that were not sent: this process might not act, the store did not take them, or no connection stood.',
    );
    this.lost = make.counter(
      'store_writes_lost_total',
      'Writes that the store had acknowledged and lost, as a leader in this process found out.',
    );
  }

  /** The store has lost so many writes. */
  writesLost(count: number): void {
    this.lost.inc(count);
  }

  turnTaken({ events }: Turn): void {
    for (const event of events) if ('outcome' in event && event.outcome.kind === 'unsent') this.late.inc();
  }

  /** Whether a term is told of. */
  get isLeading(): boolean {
    return this.term !== null;
  }

  /** From now on the term is read there while this process does not decide. */
  followTerm(heard: () => number): void {
    this.heard = heard;
  }

  begin(term: LeadershipFacts): void {
    this.term = term;
  }

  end(): void {
    this.hold(false);
    this.term = null;
  }

  /** Orders are held from now on, or no longer. */
  hold(isHeld: boolean): void {
    this.count();
    this.heldSince = isHeld ? (this.heldSince ?? this.now()) : null;
  }

  /** Counts for how long orders have been held up to now. */
  count(): void {
    if (this.heldSince === null) return;
    const now = this.now();
    this.held.inc((now - this.heldSince) / 1_000);
    this.heldSince = now;
  }
}
