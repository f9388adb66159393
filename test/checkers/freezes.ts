import type { TurnCheck } from './scene.js';
import { withdrawn } from './scene.js';

/** In a frozen fleet, and while orders are held, nothing is loaded or unloaded, nothing gets a place, and no route is withdrawn by a decision. */
export const frozenMeansFrozen: TurnCheck = (scene) => {
  const { turn, fleet, changes, trail } = scene;
  if (!fleet.frozen && !fleet.held) return;
  const order = turn.actions.find(({ kind }) => kind === 'load' || kind === 'unload');
  trail.expect(!order, () => `${JSON.stringify(order)} in a frozen fleet`);
  const placed = changes.find(({ was, now }) => !was && now?.phase === 'placed');
  trail.expect(!placed, () => `${placed!.now!.id} got a place in a frozen fleet`);
  const ordered = new Set(
    turn.events.flatMap((event) => (event.kind === 'UnloadOrdered' ? [event.model] : [])),
  );
  const wasFrozen = turn.events.every(({ kind }) => kind !== 'FreezeOrdered' && kind !== 'OrdersHeld');
  for (const { was } of withdrawn(scene)) {
    const isOrdered = !wasFrozen && ordered.has(was.model);
    trail.expect(isOrdered, () => `${was.id} was let go in a frozen fleet`);
  }
};
