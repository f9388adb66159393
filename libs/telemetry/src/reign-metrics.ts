import { Counter, type Registry } from 'prom-client';
import type { Instant } from '#core';
import type { Turn } from '#engine';
import { addReadGauge } from './read-gauge.js';

/** What the metrics read while this process decides. */
export interface ReignFacts {
  readonly term: number;
  /** Whether the store takes writes. */
  readonly isStoreOk: () => boolean;
}

/** Whether this process decides, in which term, and for how long it may not send orders. */
export class ReignMetrics {
  private reign: ReignFacts | null = null;
  private heldSince: Instant | null = null;
  private heard: () => number = () => 0;
  private readonly held: Counter;
  private readonly late: Counter;
  private readonly lost: Counter;

  constructor(
    registry: Registry,
    private readonly now: () => Instant,
  ) {
    const gauge = (name: string, help: string, read: () => number): void =>
      addReadGauge(registry, name, help, read);
    gauge('leader', 'Whether this process decides.', () => (this.reign === null ? 0 : 1));
    gauge(
      'term',
      'The number of the present reign, of this process or of the peer that leads; 0: no peer is known to lead.',
      () => this.reign?.term ?? this.heard(),
    );
    gauge(
      'store_ok',
      '1 while the store takes writes; 0 from a failure on, until a write has succeeded.',
      () => ((this.reign?.isStoreOk() ?? true) ? 1 : 0),
    );
    gauge('held', 'Whether this leader sends no orders, since its lease is not renewed.', () =>
      this.heldSince === null ? 0 : 1,
    );
    this.held = new Counter({
      name: 'berth_held_seconds_total',
      help: 'For how long leaders in this process sent no orders, since their leases were not renewed.',
      registers: [registry],
      collect: () => this.count(),
    });
    this.late = new Counter({
      name: 'berth_late_orders_total',
      help: 'Orders that were not sent: this process might not act, the store did not take them, or no connection stood.',
      registers: [registry],
    });
    this.lost = new Counter({
      name: 'berth_store_writes_lost_total',
      help: 'Writes that the store had acknowledged and lost, as a leader in this process found out.',
      registers: [registry],
    });
  }

  /** The store has lost so many writes. */
  writesLost(count: number): void {
    this.lost.inc(count);
  }

  turnTaken({ events }: Turn): void {
    for (const event of events) if ('outcome' in event && event.outcome.kind === 'unsent') this.late.inc();
  }

  /** Whether a reign is told of. */
  get isLeading(): boolean {
    return this.reign !== null;
  }

  /** From now on the term is read there while this process does not decide. */
  followTerm(heard: () => number): void {
    this.heard = heard;
  }

  begin(reign: ReignFacts): void {
    this.reign = reign;
  }

  end(): void {
    this.hold(false);
    this.reign = null;
  }

  /** Orders are held from now on, or no longer. */
  hold(isHeld: boolean): void {
    this.count();
    this.heldSince = isHeld ? (this.heldSince ?? this.now()) : null;
  }

  private count(): void {
    if (this.heldSince === null) return;
    const now = this.now();
    this.held.inc((now - this.heldSince) / 1_000);
    this.heldSince = now;
  }
}
