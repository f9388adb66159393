import type { Millis } from '#core';

/** Which process decides. Only the leader runs the core and sends orders. One term of it. */
export interface Leadership {
  /** The number of this leader's term: every later one is higher, also over restarts. */
  readonly term: number;
  /** Whether orders may be sent at this moment. */
  mayAct(): boolean;
  /** How long ago the last renewal of the lease that counts was sent; 0 where no lease is needed. */
  renewedAgo(): Millis;
  /** Has `tell` hear each time that orders are to be held, and each time that they may be sent again. */
  follow(tell: (isHeld: boolean) => void): void;
  /**
   * Has this asked after each renewal that counts: whether orders were wanted and none was sent since it was asked before, and
   * another peer is there that could send them. Where it was so for three renew deadlines, the term is given back.
   */
  tend(isKeptBack: () => boolean): void;
  /** Resolves once this term has ended: another process leads, or this one has let go. */
  readonly ended: Promise<void>;
}

/** The leadership of a process that has its store for itself: it leads as long as `isOpen`, needs no lease, and is never held. */
export const soleLeadership = (term: number, isOpen: () => boolean = () => true): Leadership => ({
  term,
  mayAct: isOpen,
  renewedAgo: () => 0,
  follow: () => undefined,
  tend: () => undefined,
  ended: new Promise(() => undefined),
});
