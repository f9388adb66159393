import type { Now } from '../numbers/now.js';
import type { EventOf } from '../fleet/events.js';
import {
  discoveredModels,
  type Fleet,
  forget,
  forgetModel,
  put,
  putModel,
  replicasOf,
  replicasOn,
} from '../fleet/fleet.js';
import { spreadFound } from '../memory/device-sets.js';
import type { Replica, Unknown, Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { bookingsFor, devicesFound, noteDependencies } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import { readAnew } from '../fleet/indexes.js';
import { noteLimitViolation } from '../memory/limits.js';
import { forgetFailures } from '../learned/cooldown.js';
import { forgetLoadTimes } from './load-times.js';
import { type Model, type ModelSettings, withKeysInOrder } from '../fleet/model.js';

export function setLimits(fleet: Fleet, { limits, defaults }: EventOf<'LimitsSet'>): void {
  fleet.limits = limits;
  fleet.defaults = defaults;
  for (const model of fleet.models.values()) {
    if (model.source === 'discovered') putModel(fleet, discovered(model.id, defaults));
  }
  for (const server of fleet.servers.values()) rebook(fleet, server);
}

/** A declaration wipes out past failures: it may mend them. */
export function declareModel(fleet: Fleet, { model }: EventOf<'ModelDeclared'>, now: Now): void {
  const before = fleet.models.get(model.id);
  putModel(fleet, withKeysInOrder(model));
  if (before?.source !== 'declared') noteLimitViolation(fleet, model.id, now);
  else if (!isSameButPinned(before, model)) fleet.limitViolations.delete(model.id);
  noteDependencies(fleet, model.id);
  if (asksMore(before, model))
    for (const { server } of replicasOf(fleet, model.id))
      fleet.servers.get(server)!.orderedPlaceAt = now.stamp;
  fleet.foundFailing.delete(model.id);
  forgetFailures(fleet, model.id);
  for (const server of fleet.servers.values()) rebook(fleet, server, model.id);
}

/** Whether a declaration keeps more copies than before, or larger ones: it takes memory where copies are. */
const asksMore = (before: Model | undefined, after: Model): boolean =>
  (['pinnedCopies', 'minCopies', 'gpuBytes', 'hostBytes'] as const).some(
    (of) => after[of] > (before?.[of] ?? 0),
  );

/** A pin changes no limit. */
const isSameButPinned = (one: Model, other: Model): boolean =>
  JSON.stringify(withKeysInOrder({ ...one, pinnedCopies: 0 })) ===
  JSON.stringify(withKeysInOrder({ ...other, pinnedCopies: 0 }));

/** A withdrawn model becomes a discovered one where a server that discovers lists it. */
export function withdrawModel(fleet: Fleet, { model: id }: EventOf<'ModelWithdrawn'>): void {
  forgetModel(fleet, id);
  fleet.limitViolations.delete(id);
  fleet.bestEffort.delete(id);
  noteDependencies(fleet, id);
  for (const server of fleet.servers.values()) discover(fleet, server);
  for (const server of fleet.servers.values()) rebook(fleet, server, id);
  if (!fleet.models.has(id)) forgetPast(fleet, id);
}

/** Forgets what is known of a model, since names come and go without end. What books its present copies stays. */
function forgetPast(fleet: Fleet, id: ModelId): void {
  fleet.bestEffort.delete(id);
  fleet.lastUnloads.delete(id);
  fleet.leftForLower.delete(id);
  forgetLoadTimes(fleet, id);
  fleet.requestRates.delete(id);
  fleet.usualLeases.delete(id);
  fleet.foundFailing.delete(id);
  fleet.limitViolations.delete(id);
  if (!fleet.holders.has(id)) forgetTraits(fleet, id);
  forgetPutOff(fleet, id);
  forgetFailures(fleet, id);
}

/** Ends a replica. What was learned of its model goes with the last one where the model is not known any more. */
export function forgetReplica(fleet: Fleet, replica: Replica): void {
  const { model } = replica;
  forget(fleet, replica);
  if (!fleet.models.has(model) && !fleet.holders.has(model)) forgetTraits(fleet, model);
}

/**
 * Ends a replica that has left, and remembers why. Its model, should it be found there later, is a stranger, unless a
 * load of ours may still bring it up.
 */
export function end(fleet: Fleet, replica: Unloading | Unknown, now: Now): void {
  const { model, server, cause, makesRoomFor } = replica;
  const mayCome = replica.phase === 'unknown' && replica.after === 'load';
  if (!mayCome) fleet.servers.get(server)?.ordered.delete(model);
  fleet.servers.get(server)?.undone.delete(model);
  if (cause) fleet.lastUnloads.set(model, { at: now.stamp, cause, makesRoomFor });
  forgetReplica(fleet, replica);
}

function forgetTraits(fleet: Fleet, id: ModelId): void {
  fleet.footprints.delete(id);
  fleet.steps.delete(id);
  noteDependencies(fleet, id);
  for (const server of fleet.servers.values()) {
    server.configs.delete(id);
    server.described.delete(id);
  }
}

/** A discovered model, with the defaults. */
export const discovered = (id: ModelId, defaults: ModelSettings): Model =>
  withKeysInOrder({ ...defaults, id, source: 'discovered' });

/** Forgets earlier orders to unload a model. */
export function forgetPutOff(fleet: Fleet, model: ModelId): void {
  for (const [id, one] of fleet.putOff) if (one.model === model) fleet.putOff.delete(id);
}

/** Takes up the undeclared models that a server's repository lists. */
export function discover(fleet: Fleet, server: Server): void {
  if (!server.spec.discover) return;
  for (const id of server.repository) {
    if (!fleet.models.has(id)) putModel(fleet, discovered(id, fleet.defaults));
  }
}

/** Forgets discovered models that no repository lists and no server holds any more. */
export function forgetVanished(fleet: Fleet): void {
  const discovering = [...fleet.servers.values()].filter(({ spec }) => spec.discover);
  for (const { id } of discoveredModels(fleet)) {
    if (fleet.holders.has(id) || discovering.some(({ repository }) => repository.has(id))) continue;
    forgetModel(fleet, id);
    forgetPast(fleet, id);
  }
}

export function rememberSteps(fleet: Fleet, { model, steps }: EventOf<'StepsRemembered'>): void {
  fleet.steps.set(model, steps);
  noteDependencies(fleet, model);
}

export function rememberFootprint(
  fleet: Fleet,
  { model, footprint }: EventOf<'FootprintRemembered'>,
  now: Now,
): void {
  fleet.footprints.set(model, footprint);
  noteLimitViolation(fleet, model, now);
}

/** Books anew what the replicas on a server hold: sizes, devices, or what is known of an ensemble have changed. */
export function rebook(fleet: Fleet, server: Server, only?: ModelId): void {
  for (const replica of replicasOn(fleet, server.spec.id)) {
    if (only !== undefined && replica.model !== only) continue;
    const devices = spreadFound(fleet, server, replica.model) ?? replica.devices;
    const bookings = bookingsFor(fleet, server, replica.model, devices);
    put(fleet, { ...replica, devices, bookings });
  }
}

/** A copy that turns up may have another config than one before. Until that is read it is booked without any. */
export function bookedAsFound(
  fleet: Fleet,
  server: Server,
  model: ModelId,
): Pick<Replica, 'devices' | 'bookings'> {
  server.configs.delete(model);
  readAnew(fleet, { model, server: server.spec.id });
  const devices = devicesFound(fleet, server, model);
  return { devices, bookings: bookingsFor(fleet, server, model, devices) };
}
