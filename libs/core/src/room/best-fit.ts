import type { Fleet } from '../fleet/fleet.js';
import type { Ledger } from '../memory/ledger.js';
import type { Model } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { leastOnGpu } from './gaps.js';
import { mayHaveRoom } from './offers.js';
import type { Place } from './places.js';
import type { Site } from './sites.js';
import { slackIn } from './slack.js';

/**
 * The best of the places with room. What needs a GPU goes to a server that has one; where the model is spread, to a server
 * unlike those that hold it; then a server without a copy before one with; then where it
 * begins in time; then the best fit, which keeps the large gaps for large models.
 */
export function bestFit(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  model: Model,
  { crowdOn, delayAt, isLeft }: Surroundings,
): Place | undefined {
  const slackOf = slackIn(fleet, ledger);
  const lacksGpu = lackIn(sites);
  let best: { readonly place: Place; readonly rank: readonly number[] } | undefined;
  const bytesOn = leastOnGpu(fleet, model);
  const roomy = sites.filter(({ server }) => isLeft(server) || mayHaveRoom(fleet, server, bytesOn(server)));
  for (const place of roomy.flatMap(({ places }) => places)) {
    const { server, bookings, grows } = place;
    if (!ledger.fitsSpare(bookings)) continue;
    const rank = [lacksGpu(server) ? 1 : 0, crowdOn(server), grows ? 1 : 0, delayAt(place), slackOf(place)];
    if (!best || isLower(rank, best.rank)) best = { place, rank };
  }
  return best?.place;
}

/** What else matters of a place than its memory. */
interface Surroundings {
  /** How much like those that hold the model a server is. */
  readonly crowdOn: (server: Server) => number;
  /** How late a load begins there: the lower comes first, and of the same the best fit. */
  readonly delayAt: (place: Place) => number;
  /** Whether copies leave a server by the ledger that still stay by the fleet. */
  readonly isLeft: (server: Server) => boolean;
}

/** Tells the servers without any GPU where what is to be placed needs one. */
function lackIn(sites: readonly Site[]): (server: Server) => boolean {
  let needsGpu: boolean | undefined;
  const isGpuNeeded = (): boolean => (needsGpu ??= sites.some(({ places }) => places.some(takesGpu)));
  return ({ devices }) => devices?.[0]?.kind !== 'gpu' && isGpuNeeded();
}

/** Whether the model, or what it brings, takes memory of a GPU there. */
const takesGpu = ({ bookings }: Place): boolean =>
  bookings.some(({ account, bytes }) => bytes > 0 && account.startsWith('gpu:'));

/** Compares number by number, the first that differ. */
function isLower(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && one[at]! < other[at]!;
}
