import type { EventOf } from '../fleet/events.js';
import type { Bar, Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { replacedCopies } from '../memory/pins.js';

/** Tells which models are barred by the operator's policy, and which are no more. */
export function modelsBarred(fleet: Readonly<Fleet>): EventOf<'ModelBarred'>[] {
  const { limitViolations, foundFailing, barred } = fleet;
  if (limitViolations.size + foundFailing.size + barred.size === 0) return [];
  const told: EventOf<'ModelBarred'>[] = [];
  for (const model of new Set([...limitViolations.keys(), ...foundFailing.keys(), ...barred.keys()])) {
    const by = barOf(fleet, model);
    if (by !== (barred.get(model) ?? null)) told.push({ kind: 'ModelBarred', model, by });
  }
  return told;
}

/** Why a model is not to be loaded, whatever is asked; null where it may be. */
export function barOf(fleet: Readonly<Fleet>, id: ModelId): Bar | null {
  if (takesTooMuch(fleet, id)) return 'over_limit';
  return failsEverywhere(fleet, id) ? 'failing' : null;
}

/**
 * Whether it takes more than was declared. That ends with another declaration, or with an admin's order to load. Pinned models
 * are loaded all the same.
 */
function takesTooMuch(fleet: Readonly<Fleet>, id: ModelId): boolean {
  const violation = fleet.limitViolations.get(id);
  const model = fleet.models.get(id);
  if (!violation || violation.isOverridden || !model) return false;
  return model.onLimitExceeded === 'quarantine' && model.pinnedCopies === 0;
}

/** After so many failing copies in a row no further copy of a model is tried. */
const COPIES_TRIED = 2;

/** Whether the model fails, and not a copy: what replaced one fails, too. No more are loaded until a copy succeeds. */
function failsEverywhere(fleet: Readonly<Fleet>, model: ModelId): boolean {
  if (fleet.models.get(model)?.onFailing !== 'replace') return false;
  const failing = replacedCopies(fleet, model);
  const isAnyStaying = failing.some(({ server }) => fleet.servers.get(server)?.drain === null);
  return isAnyStaying && Math.max(failing.length, fleet.foundFailing.get(model) ?? 0) >= COPIES_TRIED;
}
