import type { EventOf } from '../fleet/events.js';
import { type Fleet, forget, replicasOf } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';
import { pardon } from '../memory/limits.js';
import type { Instant } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
import { forgetFailures } from '../learned/cooldown.js';
import { forgetPutOff, orderLoad } from './requests.js';

/**
 * Has every copy loaded anew that is there or on its way: it may have read the files of before. What was learned of the
 * model's config is forgotten wherever there is no copy; where there is one, when that has left.
 */
export function orderReload(fleet: Fleet, { model, until }: EventOf<'ReloadOrdered'>, now: Instant): void {
  if (!fleet.models.has(model)) return;
  for (const replica of replicasOf(fleet, model)) {
    if (replica.phase === 'placed') forget(fleet, replica);
    else if (isToComeAgain(replica)) remember(fleet, replica);
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

/** A reload that was under way when an earlier life of ours ended: what becomes of it shows when its server is looked at. */
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

const isToComeAgain = (replica: Replica): boolean =>
  replica.phase === 'ready' || replica.phase === 'loading' || (replica.phase === 'unknown' && replica.coming);

function remember(fleet: Fleet, { id, model, server, devices }: Replica): void {
  fleet.reloads.set(id, { model, server, devices, leftAt: null, config: null });
}
