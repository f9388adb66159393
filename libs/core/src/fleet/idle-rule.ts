import type { Fleet } from './fleet-state.js';
import type { Instant, Millis, ModelSettings } from './model.js';
import type { Ready, Replica } from './replica.js';

/** What is wanted of the model of a replica; of a model that is not known any more, what the defaults say. */
export const settingsOf = (fleet: Readonly<Fleet>, { model }: Replica): ModelSettings =>
  fleet.models.get(model) ?? fleet.defaults;

/** The end of a replica's minimum residency. */
export const residentUntil = (
  fleet: Readonly<Fleet>,
  replica: Replica,
  { minResidency } = settingsOf(fleet, replica),
): Instant => replica.since + minResidency;

/** What has come stays for so long at least before it is moved, so that nothing is moved round and round. */
const REST: Millis = 60_000;

/** When a copy has been where it is for long enough to be moved. */
export const movableFrom = (fleet: Readonly<Fleet>, replica: Ready): Instant =>
  Math.max(residentUntil(fleet, replica), replica.since + REST);

/** Whether it is a stranger and the operator said that it is not ours to unload. */
export const isKept = (fleet: Readonly<Fleet>, { stranger, server }: Ready): boolean =>
  stranger && fleet.servers.get(server)?.spec.strangers === 'keep';

/** Whether it is a stranger and the operator said that it is to go once it is not used. */
export const isToGo = (fleet: Readonly<Fleet>, { stranger, server }: Ready): boolean =>
  stranger && fleet.servers.get(server)?.spec.strangers === 'retire';

/** When it has been idle for as long as it may, by its own use alone; null where no time makes it idle. */
export function idleByUse(
  fleet: Readonly<Fleet>,
  replica: Ready,
  { idleUnload, idleMode, minResidency } = settingsOf(fleet, replica),
): Instant | null {
  if (isToGo(fleet, replica)) return Math.max(replica.lastUse + minResidency, replica.inUseUntil);
  if (isKept(fleet, replica) || idleUnload === null || idleMode === 'soft') return null;
  return Math.max(replica.lastUse + idleUnload, replica.inUseUntil);
}

/** Before this instant a replica is not retired by its own use; that of a disabled or unknown model may always go. */
export function retiresFrom(fleet: Readonly<Fleet>, replica: Ready): Instant {
  if (!fleet.models.get(replica.model)?.enabled && !isKept(fleet, replica)) return -Infinity;
  return idleByUse(fleet, replica) ?? Infinity;
}
