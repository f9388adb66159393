import type { Instant, Millis } from '#core';
import { type ElectionProfile, pollEvery } from './election-profile.js';
import type { LeaseReading, LeaseState } from './ports/lease-keeper.js';

/** Why a peer may take the lease: its holder has let go of it, or none was heard of for too long. */
export type Vacancy = 'released' | 'silent';

/**
 * What a peer that does not lead has seen of the lease. Only the time in which the store answered, and could confirm a renewal,
 * counts as silence, by the clock of this process alone: at other times the leader cannot renew either, and must not lose its
 * term by that.
 */
export class LeaseWatch {
  private state: LeaseReading | null = null;
  private silentFor: Millis = 0;
  /** Null: the last reading failed, or no renewal could be confirmed then, and the time since then does not count. */
  private readAt: Instant | null = null;
  private changedAt: Instant | null = null;
  private seenAt: Instant | null = null;
  /** Since when each reading has shown a lease of the term that the last one showed; null where that showed none. */
  private termSince: Instant | null = null;

  constructor(private readonly profile: ElectionProfile) {}

  /** When the last renewal was seen, or may have been missed for want of a reading; null where none was. */
  get renewalSeenAt(): Instant | null {
    return this.seenAt;
  }

  /** Takes note of a reading: when it was asked for, and when it was answered. */
  sees(state: LeaseReading, askedAt: Instant, answeredAt: Instant): void {
    const isSame = this.state !== null && sameState(this.state, state);
    if (isSame) this.silentFor += this.counted(askedAt);
    else this.silentFor = 0;
    this.noteRenewal(!isSame && state.lease !== null, askedAt, answeredAt);
    if (termOf(state) !== termOf(this.state)) this.termSince = termOf(state) === null ? null : answeredAt;
    if (state.canConfirm) this.readAt = isSame && this.readAt !== null ? askedAt : answeredAt;
    else this.misses();
    this.state = state;
  }

  /** Whether one and the same term has been renewed for a whole lease, up to now. */
  isSteady(now: Instant): boolean {
    const { lease } = this.profile;
    return (
      this.termSince !== null && now - this.termSince >= lease && now - (this.changedAt ?? -Infinity) < lease
    );
  }

  /** The store did not answer, or could confirm nothing. */
  misses(): void {
    this.readAt = null;
  }

  /**
   * Whether the lease may be taken, and why; `floor` is the highest term that was heard of in any way. Where this peer is modest, it
   * leaves a lease that was released to the others: none of them is there where none took it for a whole lease.
   */
  vacancy(floor: number, isModest: boolean): Vacancy | null {
    if (this.state === null) return null;
    const { lease, lastTerm, releasedTerm } = this.state;
    if (!isModest && lease === null && lastTerm > 0 && releasedTerm === lastTerm && floor <= lastTerm)
      return 'released';
    return this.silentFor >= this.profile.lease ? 'silent' : null;
  }

  /** From the first reading's answer to the last reading's question. A pause of this process does not count whole. */
  private counted(askedAt: Instant): Millis {
    if (this.readAt === null) return 0;
    return Math.min(Math.max(0, askedAt - this.readAt), this.longest);
  }

  private noteRenewal(isNew: boolean, askedAt: Instant, answeredAt: Instant): void {
    if (isNew) this.changedAt = this.seenAt = answeredAt;
    else if (this.seenAt !== null && this.isGap(askedAt)) this.seenAt = answeredAt;
  }

  private isGap(askedAt: Instant): boolean {
    return this.readAt === null || askedAt - this.readAt > this.longest;
  }

  private get longest(): Millis {
    return 2 * pollEvery(this.profile);
  }
}

function sameState(one: LeaseState, other: LeaseState): boolean {
  if (one.lastTerm !== other.lastTerm || one.releasedTerm !== other.releasedTerm) return false;
  if (one.lease === null || other.lease === null) return one.lease === other.lease;
  return (
    one.lease.peer === other.lease.peer &&
    one.lease.term === other.lease.term &&
    one.lease.renewals === other.lease.renewals
  );
}

const termOf = (state: LeaseState | null): number | null => state?.lease?.term ?? null;
