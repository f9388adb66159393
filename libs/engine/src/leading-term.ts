import type { Instant, Millis } from '#core';
import { type ElectionProfile, longestGap } from './election-profile.js';
import type { Clock } from './ports/clock.js';
import type { Leadership } from './ports/leadership.js';
import type { Lease } from './ports/lease-keeper.js';

/**
 * One term of this process:
 *
 *   acts <──> held ──> over
 *     └─────────────────┘
 *
 * It is held while the last renewal that counts was sent too long ago, or before a pause of this process. A renewal counts
 * from when it was sent. Only another's lease, a higher term or a release ends the term.
 */
export class LeadingTerm implements Leadership {
  readonly ended: Promise<void>;
  private resolveEnded: () => void = () => undefined;
  private readonly listeners: ((isHeld: boolean) => void)[] = [];
  private isOver = false;
  private wasHeld: boolean;
  /** A renewal has to be sent after this moment before orders may be sent. */
  private pausedAt: Instant = -Infinity;
  private tickedAt: Instant;

  constructor(
    private readonly clock: Clock,
    private readonly profile: ElectionProfile,
    /** As it was stored last, as far as is known. */
    private lease: Lease,
    /** When the last renewal that counts was sent. */
    private renewedAt: Instant,
  ) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.tickedAt = clock.now();
    this.wasHeld = this.isHeldAt(this.tickedAt);
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

  /** The lease to be stored next. Each try has a number of its own, so that others see the change. */
  next(): Lease {
    this.lease = { ...this.lease, renewals: this.lease.renewals + 1 };
    return this.lease;
  }

  /** A renewal that was sent at this moment counts. */
  renewed(sentAt: Instant): void {
    this.renewedAt = Math.max(this.renewedAt, sentAt);
    this.tellOfHeld();
  }

  /** Called at each tick. Returns whether the process was paused before. */
  tick(): boolean {
    const now = this.clock.now();
    const wasPaused = this.isGap(now);
    if (wasPaused) this.pausedAt = now;
    this.tickedAt = now;
    this.tellOfHeld();
    return wasPaused;
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
    return now >= this.heldFrom || this.renewedAt < this.pausedAt || this.isGap(now);
  }

  private isGap(now: Instant): boolean {
    return now - this.tickedAt > longestGap(this.profile);
  }

  private tellOfHeld(): void {
    if (this.isOver) return;
    const isHeld = this.isHeldAt(this.clock.now());
    if (isHeld === this.wasHeld) return;
    this.wasHeld = isHeld;
    for (const tell of this.listeners) tell(isHeld);
  }
}
