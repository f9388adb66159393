import type { Instant, Millis } from '#core';
import { type ElectionProfile, ELECTION_PROFILES, pollEvery, tickEvery } from './election-profile.js';
import { LeadingTerm } from './leading-term.js';
import { LeaseWatch, type Vacancy } from './lease-watch.js';
import type { Clock } from './ports/clock.js';
import type { Leader, Leaders } from './ports/leaders.js';
import type { Leadership } from './ports/leadership.js';
import type { Lease, LeaseKeeper, LeaseState } from './ports/lease-keeper.js';

/** A peer that has given the lease back lets other peers have it for so long. */
const MODEST_FOR: Millis = 60_000;

const UNCONFIRMED = 'the lease is stored, but too few replicas of the store confirmed it: it does not count';

/** A term that this process has won. */
export interface AcquiredTerm {
  readonly leadership: Leadership;
  /** Whether the leader before let go of its lease: it sends nothing any more. */
  readonly isCleanRelease: boolean;
  /** When the last renewal of the leader before was seen; where none was, when this process came to lead. */
  readonly lastRenewalSeenAt: Instant;
}

export interface ElectionOptions {
  /** The name of this peer, and where the others ask it. */
  readonly self: { readonly peer: string; readonly grpc: string; readonly http: string };
  readonly profile?: ElectionProfile;
  /** Hears of the first failure of the store, and with null of the first success after one. */
  readonly onHealth?: (failure: Error | null) => void;
  /** Hears, once for each term, that the store does not know of a term that was heard of: it has lost writes. */
  readonly onLoss?: (heardOf: number, stored: number) => void;
}

/**
 * Decides which of several peers leads, by one stored lease. A leader renews it; the others read it, and take it once its
 * holder was silent for a whole lease, or has released it. The clock is this election's own: it sets its one alarm.
 */
export class Election implements Leaders {
  private readonly profile: ElectionProfile;
  private readonly listeners: ((leader: Leader | null) => void)[] = [];
  private watch: LeaseWatch;
  private leading: LeadingTerm | null = null;
  private leader: Leader | null = null;
  private floor = 0;
  private begin: ((term: AcquiredTerm) => void) | null = null;
  private isAsking = false;
  private isClosed = false;
  private hasBegun = false;
  private lostTerm = 0;
  private isFailing = false;
  private dueAt: Instant = -Infinity;
  /** Was given back, and the store has not answered yet that it has taken that. */
  private givenBack: Lease | null = null;
  private modestUntil: Instant = -Infinity;
  /** Until then the lease is read at each tick, since its holder has said that it lets go. */
  private hurriesUntil: Instant = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly keeper: LeaseKeeper,
    private readonly options: ElectionOptions,
  ) {
    this.profile = options.profile ?? ELECTION_PROFILES.default;
    this.watch = new LeaseWatch(this.profile);
  }

  get present(): Leader | null {
    return this.leader;
  }

  /**
   * Resolves when this process leads; never where it is closed before. To be called again once the term has ended. From the
   * first call on the lease is read.
   */
  lead(): Promise<AcquiredTerm> {
    const term = new Promise<AcquiredTerm>((resolve) => (this.begin = resolve));
    if (!this.hasBegun) this.tick();
    this.hasBegun = true;
    return term;
  }

  follow(tell: (leader: Leader | null) => void): void {
    this.listeners.push(tell);
  }

  noteTerm(term: number): void {
    this.floor = Math.max(this.floor, term);
    if (this.leading !== null && term > this.leading.term) this.stepDown();
  }

  /** The leader has said that it is about to release the lease: it is read more often for a while. */
  expectRelease(): void {
    if (this.leading !== null) return;
    this.hurriesUntil = this.clock.now() + 2 * this.profile.retry;
    this.dueAt = Math.min(this.dueAt, this.clock.now());
    if (this.hasBegun && !this.isClosed) this.tick();
  }

  /** Ends this term, where it is the present one: the next begins at once, here or at another peer. */
  endTerm(term: number): void {
    if (this.leading?.term === term) this.giveBack(this.leading, 0);
  }

  /** Ends the term, where this process leads, and releases the lease. No order may be sent any more once it is called. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.clock.setAlarm(Infinity, () => undefined);
    const lease = this.leading?.present ?? this.givenBack;
    if (lease === null) return;
    this.stepDown();
    await this.keeper.release(lease).catch((error: unknown) => this.noteHealth(error as Error));
  }

  private tick(): void {
    if (this.isClosed) return;
    this.leading?.tellOfHeld();
    const now = this.clock.now();
    if (!this.isAsking && now >= this.dueAt) void this.ask(now);
    const next = now + tickEvery(this.profile);
    const heldFrom = this.leading?.heldFrom ?? Infinity;
    this.clock.setAlarm(heldFrom > now ? Math.min(next, heldFrom) : next, () => this.tick());
  }

  private async ask(now: Instant): Promise<void> {
    this.isAsking = true;
    try {
      if (this.givenBack !== null) await this.keeper.release(this.givenBack);
      this.givenBack = null;
      if (this.leading === null) await this.readLease(now);
      else await this.renew(this.leading, now);
      this.noteHealth(null);
    } catch (error) {
      this.watch.misses();
      this.leading?.misses();
      this.dueAt = this.clock.now() + tickEvery(this.profile);
      this.noteHealth(error as Error);
    } finally {
      this.isAsking = false;
    }
  }

  private async readLease(askedAt: Instant): Promise<void> {
    const isHurried = askedAt < this.hurriesUntil;
    this.dueAt = askedAt + (isHurried ? tickEvery(this.profile) : pollEvery(this.profile));
    const heardOf = this.floor;
    const { canConfirm, ...state } = await this.keeper.read();
    this.watch.sees({ ...state, canConfirm }, askedAt, this.clock.now());
    this.noteLoss(heardOf, state.lastTerm);
    this.floor = Math.max(this.floor, state.lastTerm, state.lease?.term ?? 0);
    // A later term may have been lost with the store before it counted: then the leader goes on to renew its lease.
    const isOfBefore =
      state.lease !== null && state.lease.term < this.floor && !this.watch.isSteady(this.clock.now());
    this.tellLeader(isOfBefore ? null : state.lease);
    const vacancy = this.watch.vacancy(this.floor, askedAt < this.modestUntil);
    if (vacancy !== null && this.begin !== null && !this.isClosed) await this.acquire(state, vacancy);
  }

  private async acquire(seen: LeaseState, vacancy: Vacancy): Promise<void> {
    const sentAt = this.clock.now();
    const claimed = await this.keeper.acquire({ ...this.options.self, floor: this.floor, seen });
    if (claimed.outcome === 'taken') return;
    const { lease, isConfirmed } = claimed;
    if (this.isClosed) return this.keeper.release(lease);
    if (!isConfirmed) throw new Error(UNCONFIRMED);
    if (lease.term <= this.floor) return;
    this.floor = lease.term;
    this.becomeLeader(lease, sentAt, vacancy);
  }

  private becomeLeader(lease: Lease, sentAt: Instant, vacancy: Vacancy): void {
    const leadership = new LeadingTerm(this.clock, this.profile, lease, sentAt);
    this.leading = leadership;
    this.dueAt = sentAt + this.profile.retry;
    const lastRenewalSeenAt = this.watch.renewalSeenAt ?? this.clock.now();
    this.tellLeader(lease);
    this.begin?.({ leadership, isCleanRelease: vacancy === 'released', lastRenewalSeenAt });
    this.begin = null;
  }

  private async renew(leading: LeadingTerm, sentAt: Instant): Promise<void> {
    const renewed = await this.keeper.renew(leading.next());
    if (this.leading !== leading) return;
    if (renewed === 'lost') return this.stepDown();
    if (renewed === 'unconfirmed') throw new Error(UNCONFIRMED);
    leading.renewed(sentAt);
    if (leading.isStuck) return this.giveBack(leading, MODEST_FOR);
    this.dueAt = leading.mayAct() ? sentAt + this.profile.retry : this.clock.now();
  }

  private giveBack({ present }: LeadingTerm, modestFor: Millis): void {
    this.modestUntil = this.clock.now() + modestFor;
    this.givenBack = present;
    this.stepDown();
  }

  /** The term is over. What was seen of the lease before does not count. */
  private stepDown(): void {
    this.leading?.end();
    this.leading = null;
    this.watch = new LeaseWatch(this.profile);
    this.dueAt = this.clock.now();
    this.tellLeader(null);
  }

  private tellLeader(lease: Lease | null): void {
    const leader = lease && { peer: lease.peer, term: lease.term, grpc: lease.grpc, http: lease.http };
    const isSame = leader?.peer === this.leader?.peer && leader?.term === this.leader?.term;
    this.leader = leader;
    if (!isSame) for (const tell of this.listeners) tell(leader);
  }

  private noteLoss(heardOf: number, stored: number): void {
    if (heardOf <= stored || heardOf <= this.lostTerm) return;
    this.lostTerm = heardOf;
    this.options.onLoss?.(heardOf, stored);
  }

  private noteHealth(failure: Error | null): void {
    const isFailing = failure !== null;
    if (isFailing !== this.isFailing) this.options.onHealth?.(failure);
    this.isFailing = isFailing;
  }
}
