import type { Event, Fleet, Instant, ServerId } from '#core';
import type { TurnCheck } from './scene.js';

const LOOKS_APART = 1_000;

/** When the first full look at a server began, and whether there was a second one long enough after it. */
interface Looks {
  readonly first: Instant;
  readonly isTwice: boolean;
}

/** The full looks at each server that were believed, of this term. */
class LooksOfTerm {
  private readonly looks = new Map<ServerId, Looks>();
  private isTwiceWanted: boolean;

  constructor({ looks, servers }: Readonly<Fleet>) {
    this.isTwiceWanted = looks === 2;
    for (const [id, { secondLookFrom }] of servers)
      if (secondLookFrom === null) this.looks.set(id, { first: -Infinity, isTwice: true });
  }

  hear(event: Event, fleet: Fleet): void {
    if (event.kind === 'TermBegun') this.isTwiceWanted = event.looks === 2;
    if (event.kind === 'ServerWithdrawn') this.looks.delete(event.server);
    if (event.kind !== 'Looked' || event.look.index === null) return;
    const { begunAt } = event.look;
    if (fleet.servers.get(event.server)?.lookedAt !== begunAt) return;
    const { first, isTwice } = this.looks.get(event.server) ?? { first: begunAt, isTwice: false };
    this.looks.set(event.server, { first, isTwice: isTwice || begunAt >= first + LOOKS_APART });
  }

  isEnough(server: ServerId): boolean {
    return !this.isTwiceWanted || this.looks.get(server)?.isTwice === true;
  }
}

/** In a term that has to look twice, nothing is ordered on a server before the second look. */
export const takeoversLookTwice = (start: Readonly<Fleet>): TurnCheck => {
  const looks = new LooksOfTerm(start);
  return ({ turn, fleet, trail }) => {
    for (const event of turn.events) looks.hear(event, fleet);
    for (const action of turn.actions) {
      if (action.kind !== 'load' && action.kind !== 'unload') continue;
      trail.expect(
        looks.isEnough(action.server),
        () => `${action.kind} ${action.replica} before the second look of the term`,
      );
    }
  };
};
