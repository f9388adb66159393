import type { Now } from '../numbers/now.js';
import type { EventOf } from '../fleet/events.js';
import { type Fleet, put, replicasOn } from '../fleet/fleet.js';
import {
  type Draining,
  type FailureCause,
  isUp,
  type Loading,
  NO_BOOKINGS,
  type Ready,
  type Unknown,
} from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import {
  bookingsFor,
  dependenciesOf,
  devicesFound,
  isEnsemble,
  noteDependencies,
} from '../memory/footprint.js';
import { type ModelId, type OrderId, replicaId, type ServerId } from '../fleet/ids.js';
import { readAnew } from '../fleet/indexes.js';
import type { Millis } from '../fleet/model.js';
import { loadBegan } from '../fleet/standing.js';
import { becomePlaced, becomeReady, becomeUnknown, drainAgain } from '../fleet/transitions.js';
import { noteShortfall } from './ran-out.js';
import { coolDown, warmUp } from '../learned/cooldown.js';
import { rebook } from './declared.js';
import { cameWith, isConfigKnown, isUnclaimed } from '../memory/pending.js';
import { noteLoadTime } from './load-times.js';

export function loadEnded(fleet: Fleet, event: EventOf<'LoadEnded'>, now: Now): void {
  const replica = fleet.replicas.get(event.replica);
  if (replica?.phase !== 'loading' || replica.order !== event.order) return;
  if (event.outcome.kind === 'unsent') {
    for (const one of loadingWith(fleet, replica.server, event.order))
      put(fleet, becomePlaced(one, one, now));
    return;
  }
  if (event.outcome.kind === 'succeeded') {
    noteLoadTime(fleet, replica, now.stamp - replica.orderedAt, now);
    fleet.bestEffort.delete(replica.model);
    warmUp(fleet, replica);
  }
  if (event.outcome.kind === 'failed') failed(fleet, replica, event.outcome.cause, now);
  for (const one of loadingWith(fleet, replica.server, event.order)) {
    put(fleet, endedLoad(one, event, one.id === replica.id, now));
    readAnew(fleet, one);
  }
  readStepsAnew(fleet, replica);
  wantLook(fleet, replica.server, now);
}

function failed(fleet: Fleet, replica: Loading, cause: FailureCause, now: Now): void {
  if (cause === 'capacity') noteShortfall(fleet, replica, now);
  coolDown(fleet, replica, cause, now);
  keepSteps(fleet, replica);
  if (cause === 'wrong_mode' || cause === 'restricted') fleet.servers.get(replica.server)!.mode = cause;
}

/** A load that failed may have left steps, and never tells: what came up beside it counts as ordered with it. */
function keepSteps(fleet: Fleet, { model, server }: Loading): void {
  if (isConfigKnown(fleet, model)) return;
  for (const one of replicasOn(fleet, server))
    if (isUnclaimed(fleet, one)) fleet.servers.get(server)!.ordered.add(one.model);
}

/**
 * The load of an ensemble loads each step anew whose files have changed, with the config among them in place of the one
 * that Berth sent. No call tells of that, so the configs of the steps are read anew.
 */
function readStepsAnew(fleet: Fleet, { model, server }: { model: ModelId; server: ServerId }): void {
  for (const step of dependenciesOf(fleet, model)) {
    if (!isEnsemble(fleet, step)) readAnew(fleet, { model: step, server });
  }
}

/** The replica of an order, and the steps that it brings up. */
const loadingWith = (fleet: Fleet, server: ServerId, order: OrderId): Loading[] =>
  replicasOn(fleet, server).filter((one): one is Loading => one.phase === 'loading' && one.order === order);

function endedLoad(
  replica: Loading,
  { outcome }: EventOf<'LoadEnded'>,
  itself: boolean,
  now: Now,
): Ready | Unknown {
  if (outcome.kind === 'succeeded') return becomeReady(replica, itself ? outcome.versions : [], now);
  const after = outcome.kind === 'failed' ? 'load_failed' : 'load';
  const { orderedAt, deadline } = replica;
  const open = { sent: { orderedAt, deadline }, sight: { shows: 'coming', since: orderedAt } } as const;
  return becomeUnknown(replica, after, now, outcome.kind === 'unknown' ? open : {});
}

/** The calls of unloads are sent with this deadline. */
const UNLOAD_DEADLINE: Millis = 5_000;

export function unloadEnded(fleet: Fleet, event: EventOf<'UnloadEnded'>, now: Now): void {
  const replica = fleet.replicas.get(event.replica);
  if (replica?.phase !== 'unloading' || replica.order !== event.order) return;
  if (event.outcome.kind === 'unsent') return drainAgain(fleet, replica, now);
  wantLook(fleet, replica.server, now);
  if (event.outcome.kind === 'succeeded') put(fleet, { ...replica, answeredAt: now.stamp });
  else {
    fleet.servers.get(replica.server)!.lateMemoryAt = now.stamp;
    const { cause, makesRoomFor, orderedAt } = replica;
    const open = { orderedAt, deadline: orderedAt + UNLOAD_DEADLINE };
    const sent = event.outcome.kind === 'unknown' ? open : null;
    put(fleet, becomeUnknown(replica, 'unload', now, { sent, cause, makesRoomFor }));
  }
}

/** Takes up the config of a model that serves: its devices, and the steps of an ensemble. */
export function configLearned(fleet: Fleet, event: EventOf<'ConfigLearned'>, now: Now): void {
  const server = fleet.servers.get(event.server);
  if (!server) return;
  if (!isConfigKnown(fleet, event.model)) server.configToldAt = now.stamp;
  if (server.described.has(event.model)) server.described.set(event.model, 'told');
  server.configs.set(event.model, event.config);
  fleet.steps.set(event.model, event.steps);
  noteDependencies(fleet, event.model);
  if (event.steps.length > 0) {
    server.hasEnsemble = true;
    readStepsAnew(fleet, event);
  }
  settleSteps(fleet, server, event);
  for (const replica of replicasOn(fleet, event.server)) {
    if (replica.model === event.model && isUp(replica)) resettle(fleet, replica);
  }
  rebook(fleet, server, event.model);
}

/** The config of a model tells its steps; what else came up beside its load is a stranger, unless another config is pending. */
function settleSteps(fleet: Fleet, server: Server, { model, steps }: EventOf<'ConfigLearned'>): void {
  for (const step of server.ordered.has(model) ? steps : []) {
    if (!fleet.replicas.get(replicaId(step, server.spec.id))?.stranger) server.ordered.add(step);
  }
  for (const one of replicasOn(fleet, server.spec.id))
    if (isUnclaimed(fleet, one) && cameWith(fleet, one).length === 0) put(fleet, { ...one, stranger: true });
}

/** Sets the devices of what serves to those that its config says: where they are others a load of ours may still come. */
function resettle(fleet: Fleet, replica: Ready | Draining): void {
  const server = fleet.servers.get(replica.server)!;
  const devices = devicesFound(fleet, server, replica.model);
  const bookings = bookingsFor(fleet, server, replica.model, devices);
  server.hidden = server.hidden.flatMap((one) => {
    if (one.model !== replica.model || !one.comesTo) return [one];
    const isElsewhere = devices.length > 0 && !isSameSet(one.comesTo, devices);
    return isElsewhere ? [{ ...one, bookings: bookingsFor(fleet, server, one.model, one.comesTo) }] : [];
  });
  put(fleet, { ...replica, devices, bookings });
}

const isSameSet = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((device) => other.includes(device));

function wantLook(fleet: Fleet, id: ServerId, now: Now): void {
  fleet.servers.get(id)!.lookWanted = now.stamp;
}

/**
 * Where a copy serves after a load of ours without an answer another client may have loaded it, and ours may still run. It
 * books nothing until a config shows that the copy is on other devices than those that Berth chose.
 */
export function hideWhatMayCome(fleet: Fleet, replica: Unknown, now: Now): void {
  const { model, devices } = replica;
  const server = fleet.servers.get(replica.server)!;
  if (replica.after !== 'load' || loadBegan(replica) === null) return;
  if (devices.length === 0 || devices.length >= (server.devices ?? []).length) return;
  const until = now.stamp + fleet.limits.stuckAfter;
  server.hidden = [...server.hidden, { model, bookings: NO_BOOKINGS, until, comesTo: devices }];
}
