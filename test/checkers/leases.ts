import type { Replica } from '#core';
import { isSpared } from './copies.js';
import { type TurnCheck, withdrawn } from './scene.js';

/** No unload while a lease is good, but by force. */
export const leasesHold: TurnCheck = ({ turn, history, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'unload') continue;
    const { leasedUntil } = history.routesTo(action.replica);
    trail.expect(
      leasedUntil <= turn.now,
      () => `unload ${action.replica} (${action.cause}) under a lease until ${leasedUntil.toFixed(1)}`,
    );
  }
};

/** A route is given to what is ready, or was until this very turn drained it for somebody who starves. */
export const routesLeadToTheReady: TurnCheck = ({ turn, fleet, before, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'grant') continue;
    const replica = fleet.replicas.get(action.replica);
    trail.expect(
      isReady(replica, turn.now),
      () => `a route to ${action.replica}, which is ${saidOf(replica)}`,
    );
  }
  for (const event of turn.events) {
    if (event.kind !== 'RoutesUsed') continue;
    for (const { replica: id } of event.uses) {
      const was = before.get(id);
      trail.expect(was?.phase === 'ready', () => `a warm route to ${id}, which was ${saidOf(was)}`);
    }
  }
};

const isReady = (replica: Replica | undefined, now: number): boolean =>
  replica?.phase === 'ready' ||
  ((replica?.phase === 'draining' || replica?.phase === 'unloading') && replica.since === now);

const saidOf = (replica: Replica | undefined): string => replica?.phase ?? 'not there';

/** Idle unload only after the full idle time since the last route, on the monotonic clock. */
export const idlesSinceItsLastRoute: TurnCheck = (scene) => {
  const { turn, fleet, history, trail } = scene;
  for (const { was, now } of withdrawn(scene)) {
    if (now.cause !== 'idle' || was.stranger || now.stranger || isSpared(scene, { was, now })) continue;
    const { idleUnload } = fleet.models.get(was.model) ?? fleet.defaults;
    const used = Math.max(was.since, history.routesTo(was.id).lastAt);
    trail.expect(
      idleUnload !== null && turn.now >= used + idleUnload,
      () => `${was.id} retired ${(turn.now - used).toFixed(1)} ms after its last use, not ${idleUnload}`,
    );
  }
};
