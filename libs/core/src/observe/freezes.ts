import type { EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';

/** From now on nothing is loaded or unloaded. What was ordered before goes on by itself, and its end is heard. */
export function freeze(fleet: Fleet, { reason, since }: EventOf<'FreezeOrdered'>): void {
  fleet.frozen = { reason, since };
}

/**
 * What had to wait is taken up: loads that were ordered have as long as they had when the freeze began. Waits for room
 * begin anew: none could be made meanwhile.
 */
export function unfreeze(fleet: Fleet, now: Instant): void {
  const { frozen } = fleet;
  if (!frozen) return;
  fleet.frozen = null;
  for (const [model, wish] of fleet.wishes) {
    const lost = now - Math.max(frozen.since, wish.since);
    if (wish.admin && lost > 0) fleet.wishes.set(model, { ...wish, until: wish.until + lost });
  }
  fleet.wantedSince.clear();
}
