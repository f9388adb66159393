import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import type { Ready, Replica } from '../fleet/replica.js';

/** So many copies of a model may turn out to be failing, one after the other, before no more are tried. */
const COPIES_TRIED = 2;

/** Failures without a success in between that mark a replica as failing. */
const FAILURES_TO_FLAG = 3;

/** Whether it is ready by Triton's word, but only fails. */
export const isFailing = ({ pulse }: Ready): boolean => (pulse?.failures ?? 0) >= FAILURES_TO_FLAG;

/** Whether a copy counts for nothing: it only fails, and the operator wants such copies replaced. */
export function isWrittenOff(fleet: Readonly<Fleet>, replica: Replica): boolean {
  if (replica.phase !== 'ready' || !isFailing(replica)) return false;
  return (fleet.models.get(replica.model) ?? fleet.defaults).onFailing === 'replace';
}

const writtenOff = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  replicasOf(fleet, model).filter((replica): replica is Ready => isWrittenOff(fleet, replica));

/**
 * Whether it is the model that fails, and not the copy: what replaced one fails too. No more are loaded beside a copy
 * that stays, until one succeeds.
 */
export function failsEverywhere(fleet: Readonly<Fleet>, model: ModelId): boolean {
  if (fleet.models.get(model)?.onFailing !== 'replace') return false;
  const failing = writtenOff(fleet, model);
  const isAnyStaying = failing.some(({ server }) => fleet.servers.get(server)?.drain === null);
  return isAnyStaying && Math.max(failing.length, fleet.foundFailing.get(model) ?? 0) >= COPIES_TRIED;
}

/**
 * The models of which a copy is in use that counts for nothing, and none has succeeded since: another one is to stand
 * in for it.
 */
export function toReplace(fleet: Readonly<Fleet>, now: Instant): ModelId[] {
  const models: ModelId[] = [];
  for (const model of fleet.foundFailing.keys()) if (inUseThough(fleet, model) > now) models.push(model);
  return models;
}

/** Until when a copy is needed that stands in for one that only fails: for as long as that one is not idle. */
export function standsInUntil(fleet: Readonly<Fleet>, replica: Ready): Instant {
  if (!fleet.foundFailing.has(replica.model) || isWrittenOff(fleet, replica)) return -Infinity;
  return inUseThough(fleet, replica.model);
}

/** Until when the copies that count for nothing are in use all the same, ours and strangers alike. */
function inUseThough(fleet: Readonly<Fleet>, model: ModelId): Instant {
  const { idleUnload } = fleet.models.get(model) ?? fleet.defaults;
  const ends = writtenOff(fleet, model).map(({ lastUse, inUseUntil }) =>
    Math.max(lastUse + (idleUnload ?? Infinity), inUseUntil),
  );
  return Math.max(-Infinity, ...ends);
}
