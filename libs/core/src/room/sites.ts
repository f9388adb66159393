import type { Fleet } from '../fleet/fleet.js';
import type { ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { copiesOn } from '../memory/pins.js';
import { coolingOn } from '../demand/cooling.js';
import { presentCopies, type Want } from '../demand/wants.js';
import { growthsOn, type Place, placesOn } from './places.js';

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

/**
 * The sites for a want: servers without a copy, and beside a copy where more are wanted. Copies by demand are at most
 * `copies.max`.
 */
export function sitesFor(fleet: Fleet, want: Want, open: readonly Server[], now: Instant): Site[] {
  const { model, copies, isExtra } = want;
  const fresh = open.map((server) => tryable(fleet, server, want, now, placesOn));
  if (copies === 1) return fresh;
  const growing = open.map((server) => tryable(fleet, server, want, now, growthsOn));
  const most = isExtra ? (model.maxCopies ?? 0) - presentCopies(fleet, model.id, now) : Infinity;
  return [...fresh.map((site) => site.where(({ devices }) => copiesOn(model, devices) <= most)), ...growing];
}

/** The places of a model on a server; none while failed loads keep it from there. */
const tryable = (fleet: Fleet, server: Server, { model }: Want, now: Instant, ways: typeof placesOn): Site =>
  new Site(server, () => (coolingOn(fleet, server, model.id, now) ? [] : ways(fleet, server, model)));
