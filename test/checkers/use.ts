import type { Millis } from '#core';
import { type TurnCheck, withdrawn } from './scene.js';

/** A reading of use is good for so long, or for twice as long as it took. */
const FRESH: Millis = 500;

/** Before anything is drained for memory, use is read once more: after the newcomer was wanted, and just now. */
export const useIsReadBeforeEviction: TurnCheck = (scene) => {
  const { turn, fleet, trail, wantedBefore } = scene;
  for (const { was, now } of withdrawn(scene)) {
    if (now.cause !== 'evicted') continue;
    const { statisticsAt, lookTook } = fleet.servers.get(was.server)!;
    const wantedAt = wantedBefore.get(now.makesRoomFor!) ?? turn.now;
    const readAt = statisticsAt ?? -Infinity;
    trail.expect(
      readAt >= wantedAt && turn.now - readAt <= Math.max(FRESH, 2 * lookTook),
      () => `${was.id} was evicted at ${turn.now} for ${now.makesRoomFor}, its use was read at ${readAt}`,
    );
  }
};
