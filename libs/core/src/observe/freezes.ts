import type { EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';

/** From now on no load or unload is ordered. Earlier orders go on. */
export function freeze(fleet: Fleet, { reason, since }: EventOf<'FreezeOrdered'>): void {
  fleet.frozen = { reason, since };
}

/**
 * Wishes of admins have as much time left as when the freeze began. Waits for a copy begin anew, since no room could be
 * made meanwhile.
 */
export function unfreeze(fleet: Fleet, _: EventOf<'FreezeEnded'>, now: Instant): void {
  const { frozen } = fleet;
  if (!frozen) return;
  fleet.frozen = null;
  for (const [model, wish] of fleet.wishes) {
    const lost = now - Math.max(frozen.since, wish.since);
    if (wish.admin && lost > 0) fleet.wishes.set(model, { ...wish, until: wish.until + lost });
  }
  fleet.wantedSince.clear();
}
