import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Instant, Millis } from '../fleet/model.js';
import { Beginnings } from './beginnings.js';
import type { Place } from '../room/places.js';
import { placesAmong, Site } from '../room/sites.js';
import type { Want } from '../demand/wants.js';

/** Loads that begin within such a share of what they take begin as soon: no copy leaves for less. */
const AS_SOON = 0.25;
/** So many busy servers are looked at: in a large fleet the best of those is about as good as the best of all. */
const MOST_BUSY = 32;

/** What critical requests wait for. */
export function awaitedByCritical({ waiting }: Readonly<Fleet>): ReadonlySet<ModelId> {
  const models = new Set<ModelId>();
  for (const { model, class: of } of waiting.values()) if (of === 'critical') models.add(model);
  return models;
}

/**
 * The places for a want in groups, by when its load should begin. First come those where use is being read for it, so
 * that it need not be read again elsewhere. Then come servers where nothing comes nor goes, then those where something
 * does. A group is worked out when those before gave no place.
 */
export function* soonestFirst(
  fleet: Readonly<Fleet>,
  sites: readonly Site[],
  { model }: Pick<Want, 'model'>,
  now: Instant,
): Iterable<readonly Site[]> {
  const reading = fleet.readings.get(model.id);
  const isRead = ({ devices }: Place): boolean => String(devices) === String(reading?.devices);
  if (reading && placesAmong(sites, reading.server).some(isRead))
    yield sites.filter(({ server }) => server.spec.id === reading.server).map((site) => site.where(isRead));
  const busy = new Set(Array.from(fleet.unsettled, (id) => fleet.replicas.get(id)!.server));
  const idle = sites.filter(({ server }) => !busy.has(server.spec.id));
  if (idle.length > 0) yield idle;
  yield* byBeginning(
    fleet,
    sites.filter((site) => !idle.includes(site)),
    model.id,
    now,
  );
}

/** The places of some busy servers, by when the load should begin there. */
function* byBeginning(
  fleet: Readonly<Fleet>,
  sites: readonly Site[],
  model: ModelId,
  now: Instant,
): Iterable<readonly Site[]> {
  const beginnings = new Beginnings(fleet, now);
  const begin = ({ server, devices, bookings }: Place): Millis =>
    beginnings.ofPlanned(model, { server: server.spec.id, devices, bookings }, 'p50');
  const looked = sites.filter(({ places }) => places.length > 0).slice(0, MOST_BUSY);
  const places = looked.flatMap((site) => site.places.map((place) => ({ site, place, at: begin(place) })));
  places.sort((one, other) => one.at - other.at);
  const step = AS_SOON * loadForecast(fleet, model, null).p50;
  for (let from = 0; from < places.length;) {
    const later = places.findIndex(({ at }) => at > places[from]!.at + step);
    const upTo = later < 0 ? places.length : later;
    yield grouped(places.slice(from, upTo));
    from = upTo;
  }
}

/** Places by their sites. */
function grouped(places: readonly { readonly site: Site; readonly place: Place }[]): Site[] {
  const found = new Map<Site, Place[]>();
  for (const { site, place } of places) {
    const known = found.get(site);
    if (known) known.push(place);
    else found.set(site, [place]);
  }
  return Array.from(found, ([{ server }, some]) => new Site(server, () => some));
}
