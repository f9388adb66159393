import type { Instant, Millis } from '#core';
import type { ElectionProfile } from './election-profile.js';
import type { Clock } from './ports/clock.js';
import type { Leadership } from './ports/leadership.js';
import type { Lease } from './ports/lease-keeper.js';

/**
 * One term of this process:
 *
 *   acts <──> held ──> over
 *     └─────────────────┘
 *
 * It is held while the last renewal that counts was sent too long ago. A renewal counts from when it was sent. Only another's
 * lease, a higher term or a release ends the term.
 */
export class LeadingTerm implements Leadership {
  readonly ended: Promise<void>;
  private resolveEnded: () => void = () => undefined;
  private readonly listeners: ((isHeld: boolean) => void)[] = [];
  private isOver = false;
  private wasHeld: boolean;
  private isKeptBack: () => boolean = () => false;
  /** Since when the store has answered and orders were kept back; null: they are not, or it does not. */
  private keptBackSince: Instant | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly profile: ElectionProfile,
    /** As it was stored last, as far as is known. */
    private lease: Lease,
    /** When the last renewal that counts was sent. */
    private renewedAt: Instant,
  ) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.wasHeld = this.isHeldAt(clock.now());
  }

  get term(): number {
    return this.lease.term;
  }

  /** The lease as it is stored. */
  get present(): Lease {
    return this.lease;
  }

  mayAct(): boolean {
    return !this.isOver && !this.isHeldAt(this.clock.now());
  }

  renewedAgo(): Millis {
    return Math.max(0, this.clock.now() - this.renewedAt);
  }

  follow(tell: (isHeld: boolean) => void): void {
    this.listeners.push(tell);
    if (this.wasHeld) tell(true);
  }

  tend(isKeptBack: () => boolean): void {
    this.isKeptBack = isKeptBack;
  }

  /** The lease to be stored next. Each try has a number of its own, so that others see the change. */
  next(): Lease {
    this.lease = { ...this.lease, renewals: this.lease.renewals + 1 };
    return this.lease;
  }

  /** A renewal that was sent at this moment counts. */
  renewed(sentAt: Instant): void {
    this.renewedAt = Math.max(this.renewedAt, sentAt);
    this.tellOfHeld();
    this.keptBackSince = this.isKeptBack() ? (this.keptBackSince ?? this.clock.now()) : null;
  }

  /** The store did not answer: no other peer could do better. */
  misses(): void {
    this.keptBackSince = null;
  }

  /** Whether another peer is to try, since this one could send no order for too long. */
  get isStuck(): boolean {
    const since = this.keptBackSince ?? Infinity;
    return this.clock.now() - since >= 3 * this.profile.renewDeadline;
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.resolveEnded();
  }

  /** When it is held, unless it is renewed. */
  get heldFrom(): Instant {
    return this.renewedAt + this.profile.renewDeadline;
  }

  private isHeldAt(now: Instant): boolean {
    return now >= this.heldFrom;
  }

  /** Called at each tick. */
  tellOfHeld(): void {
    if (this.isOver) return;
    const isHeld = this.isHeldAt(this.clock.now());
    if (isHeld === this.wasHeld) return;
    this.wasHeld = isHeld;
    for (const tell of this.listeners) tell(isHeld);
  }
}
