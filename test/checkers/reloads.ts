import { Now } from '#core';
import {
  type Fleet,
  hasOutlived,
  type Instant,
  isComingBack,
  type Reload,
  type Replica,
  replicaFlags,
} from '#core';
import { dependentsOn } from './needs.js';
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

/**
 * A copy that an admin had loaded anew leaves for that, unless an admin, the operator, or what needs it comes in between. One that
 * is to get more devices for a pin or `copies.min` stays where their memory will not come.
 */
export function reloadsAreCarriedOut(start: Readonly<Fleet>): TurnCheck {
  let before = new Map(start.reloads);
  return ({ fleet, turn, trail }) => {
    for (const [id, was] of before) {
      const now = fleet.replicas.get(id);
      if (was.cause !== 'reload' || was.leftAt !== null) continue;
      if (fleet.reloads.has(id) || now?.phase !== 'ready') continue;
      const isCountermanded = turn.events.some(
        (event) => event.kind === 'UnloadOrdered' && event.model === was.model,
      );
      trail.expect(
        isCountermanded || isOffForCause(fleet, now, turn.now) || isOneGone(fleet, before, was),
        () => `${id} was to be loaded anew, and never left`,
      );
    }
    before = new Map(fleet.reloads);
  };
}

/** What is needed cannot leave, and what has outlived its unload does not; what is on a server that drains, or may not be loaded at all, is not to come back. */
const isOffForCause = (fleet: Readonly<Fleet>, one: Replica, now: Instant): boolean =>
  !fleet.models.get(one.model)?.enabled ||
  fleet.servers.get(one.server)!.drain !== null ||
  replicaFlags(fleet, one, new Now(now)).includes('stuck') ||
  dependentsOn(fleet, one).length > 0 ||
  hasOutlived(one);

/**
 * Where one copy left and did not come up, or found no place again, those that serve are left as they are. What is only placed
 * has left: it may have been seen gone and been given another place, as best-effort demand, in one turn.
 */
const isOneGone = ({ replicas }: Readonly<Fleet>, reloads: Fleet['reloads'], { model }: Reload): boolean =>
  [...reloads].some(
    ([id, one]) =>
      one.model === model && (one.leftAt !== null || (replicas.get(id)?.phase ?? 'placed') === 'placed'),
  );
