import { type ActionOf, isComingBack, isPinProtected } from '#core';
import { type TurnCheck, type TurnScene, withdrawn } from './scene.js';

const ordersIn = ({ turn }: TurnScene): (ActionOf<'load'> | ActionOf<'unload'>)[] =>
  turn.actions.filter((action) => action.kind === 'load' || action.kind === 'unload');

/** Orders go only to servers that were looked at over a connection that stands. */
export const onlyInContact: TurnCheck = (scene) => {
  for (const { kind, model, server: id } of ordersIn(scene)) {
    const server = scene.fleet.servers.get(id)!;
    const isInContact = server.contact.kind === 'up' && server.looked && server.mode === 'explicit';
    scene.trail.expect(isInContact, () => `${kind} ${model}@${id} while it is ${server.contact.kind}`);
  }
};

/** No load before its back-off is over. */
export const waitsOutBackOff: TurnCheck = ({ turn, fleet, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'load') continue;
    const until = fleet.cooldowns.get(action.replica)?.until ?? 0;
    trail.expect(until <= turn.now, () => `load ${action.replica} in back-off until ${until}`);
  }
};

/**
 * A pinned model is let go only by a drain's deadline, to be loaded anew, or where enough other copies are ready: of a
 * copy that only fails and is to be replaced the pin does not count.
 */
export const pinsStay: TurnCheck = (scene) => {
  const { fleet, turn, trail } = scene;
  for (const { was, now } of withdrawn(scene)) {
    const deadline = fleet.servers.get(was.server)?.drain?.deadline ?? Infinity;
    if (now.cause === 'withdrawn' || (now.cause === 'drain' && deadline <= turn.now)) continue;
    if (isComingBack(fleet, now)) continue;
    trail.expect(!isPinProtected(fleet, was), () => `${was.id} is pinned and was let go: ${now.cause}`);
  }
};
