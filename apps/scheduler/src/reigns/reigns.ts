import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '#config';
import { Engine, type Won } from '#engine';
import { StoreUnavailable } from '#kept';
import type { EndReason } from '../lifecycle.js';
import { StoreWatch } from '../health/store-watch.js';
import { Watching } from '../watching/watching.js';
import type { CompleteParts } from './lasting.js';
import { rated } from '../rated.js';
import type { Terms } from '../terms/per-term.js';
import type { Peers } from './peers.js';
import { ConfigReload } from '../reload.js';
import { LeaderTerm } from '../terms/leader-term.js';
import { TermConfig } from '../terms/term-config.js';

/** So long after a failure of the store the beginning of a reign is tried again. */
const AGAIN_MS = 500;

/** What the reigns of a process are made of. */
export interface ReignsParts {
  /** The present configuration: each reign begins with it. */
  readonly config: () => Config;
  readonly parts: CompleteParts;
  readonly peers: Peers;
  readonly terms: Terms;
}

/** The reigns of a process that has peers, one after another. Between them it follows. */
export class Reigns {
  private readonly closing = new AbortController();
  private readonly closed = once(this.closing.signal, 'abort').then(() => 'closing' as const);
  private readonly all: Promise<void>;
  private readonly logHeld = rated(({ isHeld, term }: { isHeld: boolean; term: number }) => {
    const { log } = this.made.parts;
    if (isHeld) log.warn({ term }, 'the lease is not renewed: no orders are sent');
    else log.info({ term }, 'the lease is renewed: orders are sent again');
  });

  /** Leads from now on each time that it is this process' turn. */
  constructor(private readonly made: ReignsParts) {
    this.all = this.lead();
  }

  /** Ends the present reign and lets go, so that another process leads soon. Rejects where a reign failed. */
  async close(): Promise<void> {
    this.closing.abort();
    try {
      await this.all;
    } finally {
      await this.made.peers.candidate.close();
    }
  }

  private async lead(): Promise<void> {
    const { candidate } = this.made.peers;
    while (!this.closing.signal.aborted) {
      const won = await this.unlessClosing(candidate.lead());
      if (won !== 'closing') await this.rule(won);
    }
  }

  private async rule(won: Won): Promise<void> {
    const { leadership } = won;
    let hasEnded = false;
    const ended = leadership.ended.then(() => void (hasEnded = true));
    const reign = await this.begun(won, () => hasEnded || this.closing.signal.aborted);
    if (reign === null) return;
    // Another configuration may have been taken up while the term began.
    const config = this.made.config();
    if (config !== reign.get(TermConfig).config) reign.get(ConfigReload).take(config);
    const engine = reign.get(Engine);
    const store = reign.get(StoreWatch);
    const watching = reign.get(Watching);
    leadership.tend(() => {
      void store.tryAgain();
      return engine.takeKeptBack() && watching.isWatched;
    });
    leadership.follow((isHeld) => this.tellHeld({ isHeld, term: leadership.term }));
    const { log } = this.made.parts;
    const told = { term: leadership.term, peer: this.made.peers.name };
    log.info(told, 'this process leads');
    this.made.terms.leading = reign;
    const why = await this.unlessClosing(ended);
    await this.end(reign, why === 'closing' ? 'shutting_down' : 'no_leader');
    log.info(told, 'this process leads no more');
  }

  /** Null: the term ended before its reign had begun. */
  private async begun(won: Won, isOver: () => boolean): Promise<LeaderTerm | null> {
    const { config, parts, peers } = this.made;
    for (let tries = 0; !isOver(); tries += 1) {
      try {
        return await LeaderTerm.begin(config(), parts, await peers.openStore(won.leadership), {
          ...won,
          name: peers.name,
        });
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        if (tries === 0)
          parts.log.warn({ err: error }, 'the store does not answer: the reign begins once it does');
        await sleep(AGAIN_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
    return null;
  }

  /** Calls that come from now on find no leader here; where the process ends, they are told so. */
  private async end(reign: LeaderTerm, reason: EndReason): Promise<void> {
    const { terms } = this.made;
    if (reason === 'no_leader') terms.leading = null;
    try {
      await reign.stop(reason);
    } finally {
      await reign.close();
      terms.leading = null;
    }
  }

  private tellHeld(told: { readonly isHeld: boolean; readonly term: number }): void {
    this.made.parts.lasting.metrics.reigns.hold(told.isHeld);
    this.logHeld(told);
  }

  private unlessClosing<T>(work: Promise<T>): Promise<T | 'closing'> {
    return Promise.race([this.closed, work]);
  }
}
