import type { EventOf } from '../fleet/events.js';
import { type Fleet, forget, replicasOf } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';
import { pardon } from '../memory/limits.js';
import type { Instant } from '../fleet/model.js';
import { isLoading } from '../fleet/replica.js';
import { forgetFailures } from '../learned/cooldown.js';
import { forgetPutOff, orderLoad } from './requests.js';

/**
 * Has every copy loaded anew that is there or on its way in, since it may have read the old files. The learned config of
 * the model is forgotten at once on servers without a copy, and on others when the copy has left.
 */
export function orderReload(fleet: Fleet, { model, until }: EventOf<'ReloadOrdered'>, now: Instant): void {
  if (!fleet.models.has(model)) return;
  for (const replica of replicasOf(fleet, model)) {
    if (replica.phase === 'placed') forget(fleet, replica);
    else if (replica.phase === 'ready' || isLoading(replica)) {
      const { id, server, devices } = replica;
      fleet.reloads.set(id, { model, server, devices, leftAt: null, config: null });
    }
  }
  for (const server of fleet.servers.values()) {
    if (!fleet.replicas.has(replicaId(model, server.spec.id))) server.configs.delete(model);
  }
  forgetPutOff(fleet, model);
  forgetFailures(fleet, model);
  pardon(fleet, model);
  const isAnywhere = [...fleet.reloads.values()].some((one) => one.model === model);
  if (!isAnywhere) orderLoad(fleet, { model, until }, now);
}

/** Reloads that an earlier process of Berth did not finish go on once their servers were looked at. */
export function rememberReload(
  fleet: Fleet,
  { model, copies }: EventOf<'ReloadRemembered'>,
  now: Instant,
): void {
  pardon(fleet, model);
  for (const { server, hasLeft } of copies) {
    const leftAt = hasLeft ? now : null;
    if (!fleet.servers.has(server)) continue;
    fleet.reloads.set(replicaId(model, server), { model, server, devices: [], leftAt, config: null });
  }
}
