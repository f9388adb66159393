import { type Event, type Fleet, isPinProtected, type ModelId, type Replica } from '#core';
import { withNeeds } from './needs.js';
import type { TurnCheck, TurnScene } from './scene.js';
import { withdrawn } from './scene.js';

/**
 * What is measured above its limit goes only where the operator's policy says so, and never while it is pinned; what is
 * quarantined for that is not loaded, until it is declared anew or an admin orders a load of it.
 */
export function limitsAreDealtWith(start: Readonly<Fleet>): TurnCheck {
  const known = new Set(start.excesses.keys());
  return (scene) => {
    for (const event of scene.turn.events) forgive(scene.fleet, event, known);
    for (const replica of scene.fleet.replicas.values())
      if (isOver(scene.fleet, replica)) known.add(replica.model);
    for (const { was, now } of withdrawn(scene)) if (now.cause === 'withdrawn') mayGo(scene, was, known);
    for (const action of scene.turn.actions) {
      if (action.kind === 'load') mayCome(scene, action.replica, [action.model, ...action.brings], known);
    }
  };
}

function forgive(fleet: Fleet, event: Event, known: Set<ModelId>): void {
  if (event.kind === 'ModelDeclared') known.delete(event.model.id);
  if (event.kind === 'ModelWithdrawn') known.delete(event.model);
  if (event.kind !== 'LoadOrdered' && event.kind !== 'ReloadOrdered') return;
  for (const model of withNeeds(fleet, event.model)) known.delete(model);
}

function isOver({ models, servers }: Fleet, { model: id, server }: Replica): boolean {
  const model = models.get(id);
  const copies = servers.get(server)!.measured.get(id);
  return (
    model !== undefined &&
    model.sizesDeclared &&
    [...(copies?.values() ?? [])].some((bytes) => bytes > model.gpuBytes)
  );
}

/** What was withdrawn, switched off or turned out to be somebody else's goes for that. */
function mayGo({ fleet, trail }: TurnScene, was: Replica, known: ReadonlySet<ModelId>): void {
  const model = fleet.models.get(was.model);
  if (!model?.enabled) return;
  const isExcess = model.onLimitExceeded !== 'warn' && known.has(model.id);
  trail.expect(
    isExcess,
    () => `${was.id} was withdrawn, which is ${model.onLimitExceeded} and within its limit`,
  );
  trail.expect(!isPinProtected(fleet, was), () => `${was.id} is pinned and was let go for its size`);
}

function mayCome(
  { fleet, trail }: TurnScene,
  replica: string,
  models: readonly ModelId[],
  known: ReadonlySet<ModelId>,
): void {
  const barred = models.find((id) => {
    const model = fleet.models.get(id);
    return known.has(id) && model?.onLimitExceeded === 'quarantine' && model.pinnedCopies === 0;
  });
  trail.expect(barred === undefined, () => `load ${replica} brings ${barred}, which is quarantined`);
}
