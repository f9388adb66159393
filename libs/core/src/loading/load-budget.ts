import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import type { Instant } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { placesOn } from '../room/places.js';
import { planFor } from '../room/plan-victims.js';
import { isAnySpent, openAgainAt } from '../room/swaps.js';
import { victimsAt, victimTest } from '../room/victims.js';
import { wantFor } from '../demand/wants.js';

/**
 * Until when a model waits for nothing but the budget of a device: others would leave for it there. Null where it waits for
 * something else.
 */
export function heldUntil(fleet: Fleet, open: readonly Server[], id: ModelId, now: Instant): Instant | null {
  const model = fleet.models.get(id);
  if (!model || !isAnySpent(fleet, now)) return null;
  const want = wantFor(fleet, model, now);
  const places = open.flatMap((server) => placesOn(fleet, server, model));
  const ledger = new Ledger(fleet, now);
  if (places.some(({ bookings }) => ledger.fitsSpare(bookings))) return null;
  const isVictim = victimTest(fleet, want, now);
  const freeable = places.filter((place) =>
    planFor(fleet, ledger, place, want, victimsAt(fleet, isVictim, place, ledger)),
  );
  const until = Math.min(...freeable.map((place) => openAgainAt(fleet, place)));
  return until > now && until < Infinity ? until : null;
}
