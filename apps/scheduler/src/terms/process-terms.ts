import type { ServerId } from '#core';
import { Engine } from '#engine';
import { Refused } from '../errors/refused.js';
import { type Lifecycle, NO_LEADER, SHUTTING_DOWN } from '../lifecycle.js';
import type { Following } from '../reigns/following.js';
import { type Term, Terms } from './per-term.js';

/** The terms of this process, and what it follows by between them. */
export class ProcessTerms extends Terms {
  /** The present term; null: this process does not lead. */
  leading: Term | null = null;
  /** What answers where this process does not lead, and what forwards; null: this process has no peers. It outlives terms. */
  following: Following | null = null;

  constructor(
    /** Of the process. */
    private readonly lifecycle: Pick<Lifecycle, 'isEnding'>,
    /** Whether there are other peers: then this process may come to follow one. */
    readonly hasPeers = false,
  ) {
    super();
  }

  get now(): Term {
    if (this.leading !== null) return this.leading;
    throw new Refused(this.lifecycle.isEnding ? SHUTTING_DOWN : NO_LEADER);
  }

  get certain(): Term {
    if (this.now.mayAct) return this.now;
    throw new Refused({ ...NO_LEADER, detail: 'held' });
  }

  /** The leader is to hear that callers have just failed on these servers. */
  doubt(servers: readonly ServerId[]): void {
    if (this.leading) this.leading.get(Engine).report({ kind: 'ServersDoubted', servers });
    else this.following?.doubt(servers);
  }
}
