import type { Fleet } from '../fleet.js';
import type { Instant, Millis } from '../model.js';
import { moveMadeFor } from '../moving.js';
import { rankOf } from '../rank.js';
import { Beginnings } from './beginnings.js';
import type { Place } from './places.js';
import type { Site } from './sites.js';
import type { Want } from './wants.js';

/** Loads that begin so shortly after each other begin as soon. */
const AS_SOON: Millis = 250;

const CRITICAL = rankOf('critical');

const NOWHERE: readonly (readonly Site[])[] = [];

/**
 * The places for what somebody critical waits for, those together first where its load should begin soonest. One that has begun
 * is in nobody's power any more, and so it goes there whatever leaves for it. None for all others: for them the best place counts,
 * wherever that is; nor where it only has to wait for a move that is under way.
 */
export function soonestFirst(
  fleet: Readonly<Fleet>,
  sites: readonly Site[],
  { model, rank, isAsked }: Want,
  now: Instant,
): readonly (readonly Site[])[] {
  if (!isAsked || rank !== CRITICAL || fleet.unsettled.size === 0) return NOWHERE;
  if (moveMadeFor(fleet, model.id)) return NOWHERE;
  const beginnings = new Beginnings(fleet, now);
  const begins = new Map<Place, Millis>();
  for (const place of sites.flatMap(({ places }) => places)) {
    const { server, devices } = place;
    begins.set(place, beginnings.ofPlanned(model.id, { server: server.spec.id, devices }, 'p50'));
  }
  return steps([...begins.values()]).map((step) =>
    sites.map((site) => site.where((place) => step.has(begins.get(place)!))),
  );
}

/** Of moments, those together that are as soon as the first of them, then the next. */
function steps(moments: readonly Millis[]): ReadonlySet<Millis>[] {
  const found: { readonly from: Millis; readonly moments: Set<Millis> }[] = [];
  for (const at of moments.toSorted((one, other) => one - other)) {
    const last = found.at(-1);
    if (last && at <= last.from + AS_SOON) last.moments.add(at);
    else found.push({ from: at, moments: new Set([at]) });
  }
  return found.map((one) => one.moments);
}
