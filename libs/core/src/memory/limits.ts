import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { dependenciesOf, withMargin } from './footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Bytes } from '../fleet/model.js';
import { isPinProtected } from './pins.js';
import type { Ready, Replica } from '../fleet/replica.js';

/** The most that a copy of a replica was measured to hold on one device; null where that is not known. */
function measuredOf(fleet: Readonly<Fleet>, { model, server }: Replica): Bytes | null {
  const copies = fleet.servers.get(server)?.measured.get(model);
  return copies && copies.size > 0 ? Math.max(...copies.values()) : null;
}

/** Whether a copy was measured above the declared limit of its model; a default is only a guess. */
export function isOverLimit(fleet: Readonly<Fleet>, replica: Replica): boolean {
  const model = fleet.models.get(replica.model);
  return model !== undefined && model.gpuDeclared && (measuredOf(fleet, replica) ?? 0) > model.gpuBytes;
}

/**
 * Remembers that a model takes more than its limit, and when that was first so or got worse. Its last two measurements have to
 * say so: another process may have come during one load.
 */
export function noteLimitViolation(fleet: Fleet, id: ModelId, now: Now): void {
  const model = fleet.models.get(id);
  const bytes = Math.min(...(fleet.footprints.get(id)?.latest ?? [0]));
  if (!model?.gpuDeclared || bytes <= model.gpuBytes) return;
  const known = fleet.limitViolations.get(id);
  if (known && bytes <= withMargin(known.bytes)) return;
  fleet.limitViolations.set(id, { bytes, at: now.stamp, isOverridden: false });
}

/**
 * An admin's order to load or reload a model overrides the limit of that model and of all that it needs: they are loaded,
 * and no copy leaves for it.
 */
export function overrideLimit(fleet: Fleet, model: ModelId): void {
  for (const one of [model, ...dependenciesOf(fleet, model)]) {
    const violation = fleet.limitViolations.get(one);
    if (violation) fleet.limitViolations.set(one, { ...violation, isOverridden: true });
  }
}

/** Whether a model is not to be loaded, since it takes more than was declared. A pin lifts that, also one that is only judged. */
export const isQuarantined = (fleet: Readonly<Fleet>, id: ModelId): boolean =>
  fleet.barred.get(id) === 'over_limit' && fleet.models.get(id)?.pinnedCopies === 0;

/** Whether a model, or one that it needs, is quarantined. */
export const needsQuarantined = (fleet: Readonly<Fleet>, id: ModelId): boolean =>
  fleet.barred.size > 0 && [id, ...dependenciesOf(fleet, id)].some((one) => isQuarantined(fleet, one));

/**
 * Whether a copy is to go for the violation of its limit: each copy of a quarantined model, and by `unload` each copy over
 * its limit that was loaded before that was known. Later copies are booked as measured, and may stay.
 */
export function isToGoForItsLimit(fleet: Readonly<Fleet>, replica: Ready): boolean {
  const violation = fleet.limitViolations.get(replica.model);
  if (!violation || violation.isOverridden || isPinProtected(fleet, replica)) return false;
  if (isQuarantined(fleet, replica.model)) return true;
  const isUnloaded = fleet.models.get(replica.model)?.onLimitExceeded === 'unload';
  return isUnloaded && replica.since <= violation.at && isOverLimit(fleet, replica);
}
