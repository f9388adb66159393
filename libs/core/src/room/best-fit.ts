import { compareKeys } from '../numbers/compare-keys.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Ledger } from '../memory/ledger.js';
import type { Model } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { leastOnGpu, mayHaveRoom } from './gaps.js';
import type { Place, Site } from './places.js';
import { slackIn } from './slack.js';

/**
 * The best of the places with room, by these in turn: a server with a GPU for what needs one; a server that crowds the
 * model's copies least (`spread`); a server without a copy; the shortest delay; the best fit, which keeps large gaps for
 * large models.
 */
export function bestFit(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  model: Model,
  { crowdOn, delayAt, isLeft }: Surroundings = NOTHING_AROUND,
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
    if (!best || compareKeys(rank, best.rank) < 0) best = { place, rank };
  }
  return best?.place;
}

/** What matters of a place beside its memory. */
interface Surroundings {
  /** How many copies of the model servers with the same label hold: see `crowding`. */
  readonly crowdOn: (server: Server) => number;
  /** How late a load would begin there. */
  readonly delayAt: (place: Place) => number;
  /** Whether copies leave a server by the ledger that stay by the fleet. */
  readonly isLeft: (server: Server) => boolean;
}

const NOTHING_AROUND: Surroundings = { crowdOn: () => 0, delayAt: () => 0, isLeft: () => false };

/** Tells whether a server lacks a GPU that the model needs at some place. */
function lackIn(sites: readonly Site[]): (server: Server) => boolean {
  let needsGpu: boolean | undefined;
  const isGpuNeeded = (): boolean => (needsGpu ??= sites.some(({ places }) => places.some(takesGpu)));
  return ({ devices }) => devices?.[0]?.kind !== 'gpu' && isGpuNeeded();
}

/** Whether the model, or what it brings, takes memory of a GPU there. */
const takesGpu = ({ bookings }: Place): boolean =>
  bookings.some(({ account, bytes }) => bytes > 0 && account.startsWith('gpu:'));
