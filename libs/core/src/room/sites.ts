import type { ServerId } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';
import type { Place } from './places.js';

/**
 * The places of one kind on a server, worked out when first asked for: in a large fleet most servers are passed over
 * before that.
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

  /** The same site with only some of its places. */
  where(isMeant: (place: Place) => boolean): Site {
    return new Site(this.server, () => this.places.filter(isMeant));
  }
}

/** The places of all sites on one server. */
export const placesAmong = (sites: readonly Site[], server: ServerId): Place[] =>
  sites.flatMap((site) => (site.server.spec.id === server ? site.places : []));
