import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { settingsOf } from '../fleet/idle-rule.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { isFailing, type Ready, type Replica } from '../fleet/replica.js';

/** After so many failing copies in a row no further copy of a model is tried. */
const COPIES_TRIED = 2;

/** Whether a copy counts for nothing: it is failing, and the operator wants such copies replaced. */
export const isWrittenOff = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  replica.phase === 'ready' && isFailing(replica) && settingsOf(fleet, replica).onFailing === 'replace';

const writtenOff = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  replicasOf(fleet, model).filter((replica): replica is Ready => isWrittenOff(fleet, replica));

/** Whether the model fails, and not a copy: what replaced one fails, too. No more are loaded until a copy succeeds. */
export function failsEverywhere(fleet: Readonly<Fleet>, model: ModelId): boolean {
  if (fleet.models.get(model)?.onFailing !== 'replace') return false;
  const failing = writtenOff(fleet, model);
  const isAnyStaying = failing.some(({ server }) => fleet.servers.get(server)?.drain === null);
  return isAnyStaying && Math.max(failing.length, fleet.foundFailing.get(model) ?? 0) >= COPIES_TRIED;
}

/** The models of which a written-off copy is in use, and no copy has succeeded since: another one is to stand in for it. */
export function toReplace(fleet: Readonly<Fleet>, now: Instant): ModelId[] {
  const models: ModelId[] = [];
  for (const model of fleet.foundFailing.keys())
    if (writtenOffInUseUntil(fleet, model) > now) models.push(model);
  return models;
}

/** Until when a copy is needed to stand in for a written-off one: for as long as that one is not idle. */
export function standsInUntil(fleet: Readonly<Fleet>, replica: Ready): Instant {
  if (!fleet.foundFailing.has(replica.model) || isWrittenOff(fleet, replica)) return -Infinity;
  return writtenOffInUseUntil(fleet, replica.model);
}

/** Until when the written-off copies are in use, strangers included. */
function writtenOffInUseUntil(fleet: Readonly<Fleet>, model: ModelId): Instant {
  const { idleUnload } = fleet.models.get(model) ?? fleet.defaults;
  const ends = writtenOff(fleet, model).map(({ lastUse, inUseUntil }) =>
    Math.max(lastUse + (idleUnload ?? Infinity), inUseUntil),
  );
  return Math.max(-Infinity, ...ends);
}
