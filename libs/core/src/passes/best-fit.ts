import type { Fleet } from '../fleet.js';
import type { Ledger } from '../ledger.js';
import type { Server } from '../server.js';
import type { Place } from './places.js';
import { slackIn } from './slack.js';

/**
 * The best of the places with room. Where the model is spread, a server unlike those that hold it; then a server without
 * a copy before one with; then memory free today before memory free soon; then the best fit, which keeps the large gaps
 * for large models.
 */
export function bestFit(
  fleet: Fleet,
  ledger: Ledger,
  places: readonly Place[],
  crowdOn: (server: Server) => number,
): Place | undefined {
  const slackOf = slackIn(fleet, ledger);
  let best: { readonly place: Place; readonly rank: readonly number[] } | undefined;
  for (const place of places) {
    const { server, bookings, grows } = place;
    if (!ledger.fitsSpare(bookings)) continue;
    const isFree = ledger.fitsFree(bookings);
    const rank = [crowdOn(server), grows ? 1 : 0, isFree ? 0 : 1, slackOf(place)];
    if (!best || isBefore(rank, best.rank)) best = { place, rank };
  }
  return best?.place;
}

/** Compares number by number, the first that differ. */
function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && one[at]! < other[at]!;
}
