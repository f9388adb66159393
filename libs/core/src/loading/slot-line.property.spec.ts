import { describe, it } from '@jest/globals';
import { holds } from '../../../../test/support/core-histories.js';
import { copyFleet } from '../plan/copy-fleet.js';
import { type Fleet, replicaId } from '../index.js';
import { Ledger } from '../memory/ledger.js';
import { PINNED } from '../demand/rank.js';
import { openServers } from '../fleet/standing.js';
import { promisePlace } from '../placement/place.js';
import type { Place } from '../room/places.js';
import { sitesFor } from '../room/sites-for.js';
import { DEPTH, SlotLines } from './slot-line.js';
import { type Want, wantFor } from '../demand/wants.js';

/** One of each kind. */
const KINDS = [
  { rank: 0, isExtra: false },
  { rank: 1, isExtra: false },
  { rank: 2, isExtra: false },
  { rank: 2, isExtra: true },
  { rank: PINNED, isExtra: false },
];

/** What the lines say to a want of each kind, at all places and depths. */
const told = (linesFor: () => SlotLines, want: Want, places: readonly Place[]): string =>
  KINDS.map((kind) => {
    const isShort = linesFor().testFor({ ...want, ...kind });
    return places.map((place) =>
      [1, DEPTH].map((depth) => (isShort(place, depth) ? 'short' : 'long')).join(),
    );
  }).join();

/**
 * Places each model somewhere, then says that a copy moves there for the next one, and gives that move up. The lines that are kept
 * all the while have to say what new ones say.
 */
function isKeptTrue(fleet: Fleet, now: number): boolean {
  const ledger = new Ledger(fleet, now);
  const open = openServers(fleet, now);
  const models = [...fleet.models.values()];
  const ways = models.map((model) => {
    const want = wantFor(fleet, model, now);
    return { want, places: sitesFor(fleet, want, open, now).flatMap((site) => site.places) };
  });
  const all = ways.flatMap(({ places }) => places);
  const kept = new SlotLines(fleet, ledger, now);
  const isTrue = (want: Want): boolean =>
    told(() => kept, want, all) === told(() => new SlotLines(fleet, ledger, now), want, all);
  return ways.every(({ want, places: [place] }, index) => {
    if (!isTrue(want) || !place) return isTrue(want);
    promisePlace(fleet, ledger, place, want, now);
    if (!isTrue(want)) return false;
    const to = replicaId(want.model.id, place.server.spec.id);
    const next = models[(index + 1) % models.length]!;
    fleet.moves.set(to, { model: want.model.id, to, for: next.id, since: now });
    if (!isTrue(want)) return false;
    fleet.moves.delete(to);
    return isTrue(want);
  });
}

describe('the lines that a pass keeps', () => {
  it('are those there are, whatever was placed and whichever moves were given up since', () => {
    holds((fleet, now) => isKeptTrue(copyFleet(fleet), now));
  });
});
