import type { Backlog, Fleet, Request } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Instant, Millis } from '../fleet/model.js';
import { type Throughput, throughputOf } from './throughput.js';

/** A queue stands when it was not empty for so long after its model was ready, or for this share of its load time. */
const STANDS_AFTER: Millis = 1_000;
const STANDS_AFTER_SHARE = 1 / 10;

/**
 * No request is held back for longer than so many times what makes a queue stand. CoDel (RFC 8289) drops after an
 * interval of which 5 to 10 % make a queue stand.
 */
const MOST_HELD = 10;

export const isHeldBack = ({ backlogs }: Readonly<Fleet>, { id, model }: Request): boolean =>
  backlogs.size > 0 && (backlogs.get(model)?.queue.has(id) ?? false);

/** The requests of a backlog that still wait, in the order in which they get their routes. */
export const heldBackIn = ({ waiting }: Readonly<Fleet>, { queue }: Backlog): Request[] =>
  [...queue].flatMap((id) => waiting.get(id) ?? []);

/** How many requests may be held back now; Infinity where none is held back. */
export function mostHeldBack(fleet: Readonly<Fleet>, model: ModelId): number {
  const backlog = fleet.backlogs.get(model);
  const throughput = backlog && throughputOf(fleet, model);
  if (!throughput) return Infinity;
  const most = Math.max(MOST_HELD * standsAfter(fleet, model), throughput.span);
  return placesWithin(throughput, backlog.since + most - backlog.next);
}

/** How long after its model was ready a queue stands. */
export const standsAfter = (fleet: Readonly<Fleet>, model: ModelId): Millis =>
  Math.max(STANDS_AFTER, STANDS_AFTER_SHARE * loadForecast(fleet, model, null).p50);

/** How many requests get their routes within so long; the first of them get theirs at once. */
export const placesWithin = ({ size, span }: Throughput, within: Millis): number =>
  within < 0 ? 0 : size * (Math.floor(within / span) + 1);

/** When a request behind so many others of a backlog gets its route. */
export const turnBehind = ({ next }: Backlog, { size, span }: Throughput, others: number): Instant =>
  next + Math.floor(others / size) * span;

/** When a request behind all that are held back would get its route; null where none is. */
export function turnBehindAll(fleet: Readonly<Fleet>, model: ModelId): Instant | null {
  const backlog = fleet.backlogs.get(model);
  const throughput = backlog && throughputOf(fleet, model);
  return throughput ? turnBehind(backlog, throughput, heldBackIn(fleet, backlog).length) : null;
}
