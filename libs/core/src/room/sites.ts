import type { ServerId } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';
import type { Place } from './places.js';

/**
 * The places of one kind that there are on a server. They are worked out on the first look at them. In a large fleet
 * what is known of the server mostly says that none of them could be the best.
 */
export class Site {
  private found: readonly Place[] | undefined;

  constructor(
    readonly server: Server,
    private readonly find: () => readonly Place[],
  ) {}

  get places(): readonly Place[] {
    return (this.found ??= this.find());
  }

  /** The same with those of the places only. */
  where(isMeant: (place: Place) => boolean): Site {
    return new Site(this.server, () => this.places.filter(isMeant));
  }
}

/** The places among all that are on one server. */
export const placesAmong = (sites: readonly Site[], server: ServerId): Place[] =>
  sites.flatMap((site) => (site.server.spec.id === server ? site.places : []));
