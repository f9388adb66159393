import type { Instant } from '#core';
import type { Network } from './network.js';
import type { Peer } from './peer.js';

/** What found no leader is tried again so much later. */
const AGAIN = 200;
/** A leader that says nothing for so long is asked once more, as if the connection had failed. */
const SILENT = 10_000;

/** Asks a leader. `done` with null: it does not lead. */
export type Ask<Found> = (leader: Peer, done: (found: Found | null) => void) => void;

/** Hands the calls of one peer to whichever peer leads, and to the next one, as the Forwarder does. */
export class HandingOn {
  private readonly underWay = new Map<() => void, string>();

  constructor(
    private readonly peer: Peer,
    private readonly network: Network,
  ) {}

  /** Another peer leads, or none: what is under way is tried again. */
  leaderChanged(): void {
    for (const again of [...this.underWay.keys()]) again();
  }

  /** Every connection to a peer has ended. */
  lost(name: string): void {
    for (const [again, to] of [...this.underWay]) if (to === name) again();
  }

  /** Answers with null where no leader was found in time. */
  send<Found>(until: Instant, ask: Ask<Found>, answer: (found: Found | null) => void): void {
    const { process } = this.peer;
    const left = until - process.now();
    if (left <= 0) return answer(null);
    const leader = this.peer.leader();
    const again = (): void => {
      const pause = Math.max(0, Math.min(AGAIN, until - process.now()));
      process.after(pause, () => this.send(until, ask, answer));
    };
    if (!leader) return again();
    let isOver = false;
    const end = (found: Found | null): void => {
      if (isOver) return;
      isOver = true;
      this.underWay.delete(giveUp);
      cancel();
      if (found === null) again();
      else answer(found);
    };
    const giveUp = (): void => end(null);
    const cancel = process.after(Math.min(left, SILENT), giveUp);
    this.underWay.set(giveUp, leader.name);
    this.ask(leader, ask, end);
  }

  private ask<Found>(leader: Peer, ask: Ask<Found>, end: (found: Found | null) => void): void {
    const { peer, network } = this;
    if (leader === peer) return ask(leader, end);
    network.send(peer.name, leader.name, leader.process, () =>
      ask(leader, (found) => network.send(leader.name, peer.name, peer.process, () => end(found))),
    );
  }
}
