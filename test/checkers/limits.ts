import { isDeepStrictEqual } from 'node:util';
import { isPinProtected } from '#core';
import type { Event, LimitViolation, Fleet, Footprint, Model, ModelId, Replica, ServerId } from '#core';
import { withNeeds } from './needs.js';
import type { TurnCheck, TurnScene } from './scene.js';
import { withdrawn } from './scene.js';

/** What is taken beyond what was known may be so much before it is no longer what an admin let be: 256 MiB or 15 %. */
const MARGIN = 256 * 2 ** 20;
const MARGIN_SHARE = 0.15;

/** What the events so far say of limits: what is declared, and what of it was measured above that. */
interface Heard {
  readonly declared: Map<ModelId, Model>;
  readonly known: Map<ModelId, Pick<LimitViolation, 'bytes' | 'isOverridden'>>;
}

/**
 * What was measured above its limit twice in a row, in this life or in an earlier one, goes only where the operator's policy says so,
 * and never while it is pinned; what is quarantined for that is not loaded, until it is declared otherwise (a pin alone
 * says nothing of what it may take) or an admin orders a load of it, after which it may also stay.
 */
export function limitsAreDealtWith(start: Readonly<Fleet>): TurnCheck {
  const declared = [...start.models].filter(([, { source }]) => source === 'declared');
  const heard: Heard = { declared: new Map(declared), known: new Map(start.limitViolations) };
  return (scene) => {
    for (const event of scene.turn.events) hear(scene.fleet, event, heard);
    for (const { was, now } of withdrawn(scene)) if (now.cause === 'withdrawn') mayGo(scene, was, heard);
    for (const action of scene.turn.actions) {
      if (action.kind === 'load') mayCome(scene, action.replica, [action.model, ...action.coLoaded], heard);
    }
  };
}

function hear(fleet: Fleet, event: Event, heard: Heard): void {
  switch (event.kind) {
    case 'ModelDeclared':
      return declare(fleet, event.model, heard);
    case 'ModelWithdrawn':
      heard.declared.delete(event.model);
      heard.known.delete(event.model);
      return;
    case 'FootprintRemembered':
      return recall(event.model, provenOf(event.footprint), heard);
    case 'Looked':
      return measured(fleet, event.server, heard);
    case 'LoadOrdered':
    case 'ReloadOrdered':
    case 'ReloadRemembered':
      return overrideLimit(fleet, event.model, heard);
    default:
      return;
  }
}

function declare({ footprints }: Fleet, model: Model, heard: Heard): void {
  const before = heard.declared.get(model.id);
  heard.declared.set(model.id, model);
  if (!before) recall(model.id, provenOf(footprints.get(model.id)), heard);
  else if (!isDeepStrictEqual({ ...before, pinnedCopies: 0 }, { ...model, pinnedCopies: 0 }))
    heard.known.delete(model.id);
}

/** What earlier lives measured is known as soon as both that and the limit are. */
function recall(id: ModelId, bytes: number, { declared, known }: Heard): void {
  if (isOver(declared.get(id), bytes) && !known.has(id)) known.set(id, { bytes, isOverridden: false });
}

function measured({ servers, footprints }: Fleet, id: ServerId, { declared, known }: Heard): void {
  for (const model of servers.get(id)?.measured.keys() ?? []) {
    const bytes = provenOf(footprints.get(model));
    if (!isOver(declared.get(model), bytes)) continue;
    const before = known.get(model);
    const isWorse = !before || bytes > before.bytes + Math.max(MARGIN, MARGIN_SHARE * before.bytes);
    if (isWorse) known.set(model, { bytes, isOverridden: false });
  }
}

/** What two measurements in a row say: one alone may show what another process took. */
const provenOf = (footprint: Footprint | undefined): number => Math.min(...(footprint?.latest ?? [0]));

/** A default is only a guess. */
const isOver = (model: Model | undefined, bytes: number): boolean =>
  model !== undefined && model.gpuDeclared && bytes > model.gpuBytes;

function overrideLimit(fleet: Fleet, id: ModelId, { known }: Heard): void {
  for (const model of withNeeds(fleet, id)) {
    const excess = known.get(model);
    if (excess) known.set(model, { ...excess, isOverridden: true });
  }
}

/** A copy of an enabled model is withdrawn only for a violation of its limit; a protected pin never is. */
function mayGo({ fleet, trail }: TurnScene, was: Replica, { known }: Heard): void {
  const model = fleet.models.get(was.model);
  if (!model?.enabled) return;
  const isExcess = model.onLimitExceeded !== 'warn' && known.get(model.id)?.isOverridden === false;
  trail.expect(
    isExcess,
    () =>
      `${was.id} was withdrawn, which is ${model.onLimitExceeded} and within its limit, or let be by an admin`,
  );
  trail.expect(!isPinProtected(fleet, was), () => `${was.id} is pinned and was let go for its size`);
}

function mayCome(
  { fleet, trail }: TurnScene,
  replica: string,
  models: readonly ModelId[],
  { known }: Heard,
): void {
  const barred = models.find((id) => {
    const model = fleet.models.get(id);
    const isHeld = known.get(id)?.isOverridden === false && model?.pinnedCopies === 0;
    return isHeld && model.onLimitExceeded === 'quarantine';
  });
  trail.expect(barred === undefined, () => `load ${replica} brings ${barred}, which is quarantined`);
}
