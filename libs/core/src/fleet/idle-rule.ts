import type { Fleet } from './fleet-state.js';
import type { Instant, Millis, ModelSettings } from './model.js';
import type { Ready, Replica } from './replica.js';

/** The settings of a replica's model; the defaults where the model is not known any more. */
export const settingsOf = (fleet: Readonly<Fleet>, { model }: Replica): ModelSettings =>
  fleet.models.get(model) ?? fleet.defaults;

/** The end of a replica's minimum residency. */
export const residentUntil = (fleet: Readonly<Fleet>, replica: Replica): Instant =>
  replica.since + settingsOf(fleet, replica).minResidency;

/** Whether it is a stranger that the operator keeps, or has outlived its unload: Berth does not unload it by itself. */
export const isKept = (fleet: Readonly<Fleet>, { stranger, server, outlived }: Ready): boolean =>
  outlived || (stranger && fleet.servers.get(server)?.spec.strangers === 'keep');

/** Whether it is a stranger that the operator retires: it goes once it is not used. */
export const isToGo = (fleet: Readonly<Fleet>, { stranger, server, outlived }: Ready): boolean =>
  stranger && !outlived && fleet.servers.get(server)?.spec.strangers === 'retire';

/** What is loaded again so soon after its model left for a lower class is wanted. */
const SOON_AGAIN: Millis = 600_000;

/** Whether a copy was loaded shortly after one of its model had left for a lower class. */
export function cameBackSoon({ leftForLower }: Readonly<Fleet>, { model, since }: Ready): boolean {
  const leftAt = leftForLower.get(model) ?? Infinity;
  return since >= leftAt && since - leftAt <= SOON_AGAIN;
}

/** When it has been idle for as long as it may, by its own use alone; null where that never ends its stay. */
export function idleByUse(
  fleet: Readonly<Fleet>,
  replica: Ready,
  { idleUnload, idleMode, minResidency } = settingsOf(fleet, replica),
): Instant | null {
  if (isToGo(fleet, replica)) return Math.max(replica.lastUse + minResidency, replica.inUseUntil);
  if (isKept(fleet, replica) || idleUnload === null || idleMode === 'soft') return null;
  return Math.max(replica.lastUse + idleUnload, replica.inUseUntil);
}

/** From when on a replica may retire: by its own use, or always where its model is disabled or unknown. */
export function retiresFrom(fleet: Readonly<Fleet>, replica: Ready): Instant {
  if (!fleet.models.get(replica.model)?.enabled && !isKept(fleet, replica)) return -Infinity;
  return idleByUse(fleet, replica) ?? Infinity;
}
