import type { ServerId } from '#core';
import { Refused } from './errors/refused.js';
import { NO_LEADER, SHUTTING_DOWN } from './lifecycle.js';
import type { Composition } from './compose.js';
import { PerTerm } from './per-term.js';
import type { Following } from './reigns/following.js';
import type { Lasting } from './reigns/lasting.js';
import type { Reign } from './reigns/reign.js';

/**
 * What runs at present. Nest and the listeners live as long as the process; among peers all else is composed anew for each
 * reign. A call asks for it once, at its beginning, so that all it uses is of one term.
 */
export class Running extends PerTerm<Composition> {
  /** The present reign; null: this process does not lead. */
  reign: Reign | null = null;
  /** What answers where this process does not lead, and what forwards; null: this process has no peers. It outlives reigns. */
  following: Following | null = null;

  constructor(
    /** What outlives reigns. */
    readonly lasting: Lasting,
    /** Whether there are other peers: then this process may come to follow one. */
    readonly hasPeers = false,
  ) {
    super();
  }

  /** Null: this process does not lead. */
  get leading(): Composition | null {
    return this.reign?.made ?? null;
  }

  get now(): Composition {
    if (this.leading !== null) return this.leading;
    throw new Refused(this.lasting.lifecycle.isEnding ? SHUTTING_DOWN : NO_LEADER);
  }

  get certain(): Composition {
    if (this.now.leadership.mayAct()) return this.now;
    throw new Refused({ ...NO_LEADER, detail: 'held' });
  }

  /** The leader is to hear that callers have just failed on these servers. */
  doubt(servers: readonly ServerId[]): void {
    if (this.leading) this.leading.engine.report({ kind: 'ServersDoubted', servers });
    else this.following?.doubt(servers);
  }
}
