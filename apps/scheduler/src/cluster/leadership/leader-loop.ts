import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '#config';
import type { AcquiredTerm } from '#engine';
import { StoreUnavailable } from '#store';
import type { Metrics } from '#telemetry';
import type { EndReason } from '../../transport/lifecycle.js';
import type { Peers } from './peers.js';
import type { Term, Terms } from './per-term.js';
import { rated } from './rated.js';

/** The pause before a term is begun anew after the store has failed. */
const RETRY_AFTER_MS = 500;

/** A term that this process leads. */
export interface LedTerm extends Term {
  /** Takes up another configuration, if it is another one. */
  takeConfig(config: Config): void;
  /** Does what is due while the lease is renewed. Returns whether the lease should go on. */
  tend(): boolean;
  /** Takes no new request, and answers every one that waits. */
  stop(reason: EndReason): Promise<void>;
  /** Closes what the term has opened. The models stay loaded. */
  close(): Promise<void>;
}

/** What leading is done with. */
export interface LeaderLoopParts {
  /** The present configuration: each term begins with it. */
  readonly config: () => Config;
  /** Makes a term of a lease. Rejects with `StoreUnavailable` where the store does not answer. */
  readonly begin: (won: AcquiredTerm) => Promise<LedTerm>;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'leadership'>;
  readonly peers: Pick<Peers, 'candidate' | 'name'>;
  readonly terms: Terms;
}

/** Has a process that has peers lead one term after another. Between them it follows. */
export class LeaderLoop {
  private readonly closing = new AbortController();
  private readonly closed = once(this.closing.signal, 'abort').then(() => 'closing' as const);
  private readonly all: Promise<void>;
  private readonly logHeld = rated(({ isHeld, term }: { isHeld: boolean; term: number }) => {
    const { log } = this.parts;
    if (isHeld) log.warn({ term }, 'the lease is not renewed: no orders are sent');
    else log.info({ term }, 'the lease is renewed: orders are sent again');
  });

  /** Leads from now on each time that it is this process' turn. */
  constructor(private readonly parts: LeaderLoopParts) {
    this.all = this.lead();
  }

  /** Ends the present term and lets go, so that another process leads soon. Rejects where a term failed. */
  async close(): Promise<void> {
    this.closing.abort();
    try {
      await this.all;
    } finally {
      await this.parts.peers.candidate.close();
    }
  }

  private async lead(): Promise<void> {
    const { candidate } = this.parts.peers;
    while (!this.closing.signal.aborted) {
      const won = await this.unlessClosing(candidate.lead());
      if (won !== 'closing') await this.becomeLeader(won);
    }
  }

  private async becomeLeader(won: AcquiredTerm): Promise<void> {
    const { leadership } = won;
    let hasEnded = false;
    const ended = leadership.ended.then(() => void (hasEnded = true));
    const term = await this.begun(won, () => hasEnded || this.closing.signal.aborted);
    if (term === null) return;
    const { config, log, peers, terms } = this.parts;
    // Another configuration may have been taken up while the term began.
    term.takeConfig(config());
    leadership.tend(() => term.tend());
    leadership.follow((isHeld) => this.tellHeld({ isHeld, term: leadership.term }));
    const told = { term: leadership.term, peer: peers.name };
    log.info(told, 'this process leads');
    terms.leading = term;
    const why = await this.unlessClosing(ended);
    await this.stepDown(term, why === 'closing' ? 'shutting_down' : 'no_leader');
    log.info(told, 'this process leads no more');
  }

  /** Null: the lease ended before its term had begun. */
  private async begun(won: AcquiredTerm, isOver: () => boolean): Promise<LedTerm | null> {
    const { begin, log } = this.parts;
    for (let tries = 0; !isOver(); tries += 1) {
      try {
        return await begin(won);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        if (tries === 0) log.warn({ err: error }, 'the store does not answer: the term begins once it does');
        await sleep(RETRY_AFTER_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
    return null;
  }

  /** Calls that come from now on find no leader here; where the process ends, they are told so. */
  private async stepDown(term: LedTerm, reason: EndReason): Promise<void> {
    const { terms } = this.parts;
    if (reason === 'no_leader') terms.leading = null;
    try {
      await term.stop(reason);
    } finally {
      await term.close();
      terms.leading = null;
    }
  }

  private tellHeld(told: { readonly isHeld: boolean; readonly term: number }): void {
    this.parts.metrics.leadership.hold(told.isHeld);
    this.logHeld(told);
  }

  private unlessClosing<T>(work: Promise<T>): Promise<T | 'closing'> {
    return Promise.race([this.closed, work]);
  }
}
