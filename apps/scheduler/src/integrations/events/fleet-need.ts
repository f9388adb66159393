import type { Instant, Millis } from '#core';
import type { ServersWanted } from '../scaling/scaling-numbers.js';
import type { Draft } from './outgoing.js';

/** A need that is over for less than this is not over: a server that comes back at once ends no pressure. */
const OVER_AFTER: Millis = 60_000;
/** More servers than wanted for less than this are no slack: the want may rise again. */
const SLACK_AFTER: Millis = 60_000;

type Need = 'pressure' | 'slack';

/**
 * Makes one event of one change of what the fleet needs, however often the numbers change back and forth. `fleet.pressure` is
 * told at once where servers are lacking, and again only where more are lacking than was told. `fleet.slack` is told where too
 * many have been there for a minute, and again only where more are too many. A need has to be over for a minute to be told anew.
 */
export class FleetNeed {
  private told: { readonly need: Need; readonly servers: number } | null = null;
  /** Since when what was told does not hold any more. */
  private overSince: Instant | null = null;
  private slackSince: Instant | null = null;

  /** The event that the numbers of now call for; null: none. */
  at({ wanted, present }: ServersWanted, now: Instant): Draft | null {
    this.slackSince = present > wanted ? (this.slackSince ?? now) : null;
    const need = needOf(wanted - present);
    this.forget(need, now);
    if (need === null || (need === 'slack' && now - this.slackSince! < SLACK_AFTER)) return null;
    const servers = Math.abs(wanted - present);
    if (this.told?.need === need && servers <= this.told.servers) return null;
    this.told = { need, servers };
    this.overSince = null;
    const data = { serversWanted: wanted, serversPresent: present };
    return { type: `fleet.${need}`, subject: 'fleet', data };
  }

  private forget(need: Need | null, now: Instant): void {
    if (this.told === null) return;
    if (need === this.told.need) this.overSince = null;
    else this.overSince ??= now;
    if (this.overSince !== null && now - this.overSince >= OVER_AFTER) {
      this.told = null;
      this.overSince = null;
    }
  }
}

const needOf = (lacking: number): Need | null => (lacking > 0 ? 'pressure' : lacking < 0 ? 'slack' : null);
