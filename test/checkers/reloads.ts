import { type Fleet, isComingBack, type Replica } from '#core';
import type { TurnCheck } from './scene.js';
import { withdrawn } from './scene.js';

/** Of the copies of a model that are loaded anew one leaves only when the one before it has come up again. */
export const reloadsOneByOne: TurnCheck = (scene) => {
  const { fleet, trail } = scene;
  const begun = withdrawn(scene).filter(({ now }) => isComingBack(fleet, now));
  for (const { was } of begun) {
    const others = [...fleet.replicas.values()].filter(
      (one) => one.model === was.model && one.id !== was.id && isUnderWay(fleet, one),
    );
    trail.expect(others.length === 0, () => `${was.id} leaves, and ${others[0]!.id} is not back yet`);
  }
};

function isUnderWay(fleet: Readonly<Fleet>, one: Replica): boolean {
  const hasLeft = fleet.reloads.get(one.id)?.leftAt != null;
  return isComingBack(fleet, one) || (hasLeft && one.phase !== 'ready');
}
