import type { Millis } from '#core';
import { evictedIn, type TurnCheck } from './scene.js';

/** A reading of use is good for so long, or for twice as long as it took. */
const FRESH: Millis = 500;

/** Before anything is drained for memory, use is read once more: after the newcomer was wanted, and just now. */
export const useIsReadBeforeEviction: TurnCheck = (scene) => {
  const { turn, fleet, trail, wantedBefore } = scene;
  for (const { victim, newcomer } of evictedIn(scene)) {
    const { statisticsAt, lookTook } = fleet.servers.get(victim.server)!;
    const wantedAt = wantedBefore.get(newcomer) ?? turn.now;
    const readAt = statisticsAt ?? -Infinity;
    trail.expect(
      readAt >= wantedAt && turn.now - readAt <= Math.max(FRESH, 2 * lookTook),
      () => `${victim.id} was evicted at ${turn.now} for ${newcomer}, its use was read at ${readAt}`,
    );
  }
};
