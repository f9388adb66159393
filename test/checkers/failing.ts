import type { Fleet, ModelId, Ready, Replica, ServerId } from '#core';
import { dependentsOn } from './needs.js';
import { hasSucceeded, onlyFails, pulseOf } from './pulses.js';
import type { TurnCheck, TurnScene } from './scene.js';

/** Copies of a model that may come to be failing. */
const COPIES = 2;

/** Where a copy that fails was replaced by another and that fails too, no more are tried until one has succeeded. */
export function failingIsReplacedOnce(start: Readonly<Fleet>): TurnCheck {
  const found = new Map<ModelId, number>();
  for (const replica of start.replicas.values()) if (isFailing(replica)) count(found, replica.model);
  return (scene) => {
    hear(scene, found);
    for (const action of scene.turn.actions) {
      if (action.kind !== 'load' || scene.before.get(action.replica)?.phase === 'ready') continue;
      const { model, replica } = action;
      const failing = failingBeside(scene.fleet, model, action.server);
      const tried = Math.max(failing.length, found.get(model) ?? 0);
      scene.trail.expect(
        failing.length === 0 || tried < COPIES,
        () => `load ${replica} beside ${failing.join(', ')}, after ${tried} copies of it were found to fail`,
      );
    }
  };
}

function hear({ turn, changes }: TurnScene, found: Map<ModelId, number>): void {
  for (const event of turn.events) {
    if (event.kind === 'ModelDeclared') found.delete(event.model.id);
    if (event.kind === 'ModelWithdrawn') found.delete(event.model);
  }
  for (const { was, now } of changes) if (now?.phase === 'ready') compare(found, was, now);
}

function compare(found: Map<ModelId, number>, was: Replica | undefined, now: Ready): void {
  if (now.pulse === null) return;
  if (hasSucceeded(pulseOf(was), now.pulse)) found.delete(now.model);
  if (onlyFails(now) && !onlyFails(was)) count(found, now.model);
}

const count = (found: Map<ModelId, number>, model: ModelId): void =>
  void found.set(model, (found.get(model) ?? 0) + 1);

const isFailing = (replica: Replica): boolean => replica.phase === 'ready' && onlyFails(replica);

/** The copies that fail and stay, where such are to be replaced; none for what something else needs on that server. */
function failingBeside(fleet: Fleet, model: ModelId, at: ServerId): string[] {
  const { models, replicas, servers } = fleet;
  if (models.get(model)?.onFailing !== 'replace') return [];
  if (dependentsOn(fleet, { model, server: at }).length > 0) return [];
  return [...replicas.values()]
    .filter((one) => one.model === model && isFailing(one) && servers.get(one.server)?.drain === null)
    .map(({ id }) => id);
}
