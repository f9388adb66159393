import type { Now } from '../numbers/now.js';
import type { ServerId } from '../fleet/ids.js';
import type { Action } from '../fleet/actions.js';
import { type Fleet, nextOrder, put, replicasOn, unsettled } from '../fleet/fleet.js';
import type { Draining, Ready, Replica, UnloadCause } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isGuaranteed, isPinProtected, isReplaced, solidCopies } from '../memory/pins.js';
import { isNeeded } from '../memory/footprint.js';
import { InWork } from '../loading/in-work.js';
import { dueToRetire, inOrder } from '../fleet/indexes.js';
import { leasedUntil, leasesEndBy } from '../learned/leases.js';
import { isToGoForItsLimit } from '../memory/limits.js';
import { Ledger } from '../memory/ledger.js';
import type { Instant } from '../fleet/model.js';
import { isToReload } from '../memory/reloads.js';
import { areOrdersStopped, isRoutable, isUseRead, ordersAtOnce, takesOrders } from '../fleet/standing.js';
import { becomeUnloading, drain } from '../fleet/transitions.js';
import { unloadCopy } from '../observe/requests.js';
import { hasEmptied, hasQueue, idleAt, idleUnloadAt } from '../demand/idle.js';
import { isKept } from '../fleet/idle-rule.js';
import { waitingFor } from '../fleet/waiting.js';
import { acknowledgedBy } from '../learned/watchers.js';
import { pendingBeside } from '../memory/pending.js';
import { presentCopies } from '../demand/wants.js';
import { withCopies } from '../learned/utilisation.js';

/**
 * Withdraws the routes of replicas that are idle, no longer wanted, or on a server that is being drained; returns
 * whether there were any.
 */
export function drainRetired(fleet: Fleet, now: Now): boolean {
  let drained = false;
  for (const replica of mayRetire(fleet, now)) {
    if (replica.phase !== 'ready') continue;
    const server = fleet.servers.get(replica.server)!;
    const cause = retirement(fleet, replica, now);
    // What clients do on Triton itself shows in its statistics only: they are read once more before anything idle goes.
    if (!cause || (cause === 'idle' && !isUseRead(server, idleUnloadAt(fleet, replica)!))) continue;
    letGo(fleet, replica, cause, now);
    if (cause === 'idle') wantFewer(fleet, replica, now);
    drained = true;
  }
  return drained;
}

/** Drains a copy that is to go. One that is loaded anew for a pin or `copies.min` makes room for more of its own model. */
export function letGo(fleet: Fleet, replica: Ready, cause: UnloadCause, now: Now): void {
  const reload = cause === 'admin' ? fleet.reloads.get(replica.id) : undefined;
  const isForMore = reload !== undefined && reload.cause !== 'reload';
  drain(fleet, replica, cause, isForMore ? replica.model : null, now);
}

/**
 * Carries out the unloads that admins ordered and that had to wait: while orders are stopped nothing is let go, and what is on a
 * server that this life of ours has never looked at is not known.
 */
export function takeUpUnloads(fleet: Fleet, now: Now): void {
  if (areOrdersStopped(fleet)) return;
  for (const [id, { server, force }] of fleet.putOff) {
    if (fleet.servers.get(server)!.lookedAt === null) continue;
    fleet.putOff.delete(id);
    const replica = fleet.replicas.get(id);
    if (replica) unloadCopy(fleet, replica, force, now);
  }
}

/** Where a drain has cut all leases nothing is routed to any more: a route would end in this very turn. */
export function drainCut(fleet: Fleet, now: Now): void {
  for (const server of fleet.servers.values()) {
    if (!now.has(leasesEndBy(server))) continue;
    for (const replica of replicasOn(fleet, server.spec.id)) {
      if (replica.phase !== 'ready') continue;
      if (retirement(fleet, replica, now) === 'drain') drain(fleet, replica, 'drain', null, now);
    }
  }
}

/** A copy unused for so long is not wanted by demand either: else it would be taken back, or loaded anew. */
function wantFewer(fleet: Fleet, { model }: Ready, now: Now): void {
  const utilisation = fleet.utilisations.get(model);
  const left = Math.max(1, presentCopies(fleet, model, now));
  if (utilisation && utilisation.copies > left) fleet.utilisations.set(model, withCopies(utilisation, left));
}

/**
 * All for which there may be a reason to go; of the others, which are nearly all, nothing is asked. What is to be loaded
 * anew comes first: once it leaves it is no copy that another one could go for.
 */
function mayRetire(fleet: Fleet, now: Now): Replica[] {
  const ids = [...dueToRetire(fleet, now)];
  for (const model of fleet.limitViolations.keys()) ids.push(...(fleet.holders.get(model) ?? []));
  for (const { spec, drain } of fleet.servers.values()) {
    if (drain) ids.push(...(fleet.residents.get(spec.id) ?? []));
  }
  const others = ids.filter((id) => !fleet.reloads.has(id));
  return [...inOrder(fleet, [...fleet.reloads.keys()]), ...inOrder(fleet, others)];
}

/** Why it is to go now; undefined where it may stay. */
export function retirement(fleet: Fleet, replica: Ready, now: Now): UnloadCause | undefined {
  const server = fleet.servers.get(replica.server)!;
  if (replica.outlived || !takesOrders(server, now)) return undefined;
  const ordered = isKept(fleet, replica) ? undefined : orderedAway(fleet, replica, server, now);
  if (ordered !== undefined) return ordered;
  if (isToReload(fleet, replica) && !fleet.loadsHeld && hasRoomAnew(fleet, replica, now)) return 'admin';
  return isIdle(fleet, replica, now) ? 'idle' : undefined;
}

/** Whether there is room for what it needs beside what it holds. */
function hasRoomAnew(fleet: Fleet, { id }: Ready, now: Now): boolean {
  const { bookings } = fleet.reloads.get(id)!;
  return bookings.length === 0 || new Ledger(fleet, now).fitsFree(bookings);
}

/** Whether it is withdrawn, or its server drains and it may leave. */
function orderedAway(fleet: Fleet, replica: Ready, { drain }: Server, now: Now): UnloadCause | undefined {
  if (isWithdrawn(fleet, replica) || isTooMuch(fleet, replica)) return 'withdrawn';
  return drain && mayLeave(fleet, replica, drain.deadline, now) ? 'drain' : undefined;
}

/** The time is asked first: of most replicas it has not come. */
function isIdle(fleet: Fleet, replica: Ready, now: Now): boolean {
  if (!now.has(idleAt(fleet, replica)) || idleUnloadAt(fleet, replica) === null) return false;
  return !hasQueue(fleet, replica) && waitingFor(fleet, replica.model) === 0;
}

/** By the operator's policy it goes for what it takes, but not before what is made of it. */
const isTooMuch = (fleet: Fleet, replica: Ready): boolean =>
  fleet.limitViolations.has(replica.model) && isToGoForItsLimit(fleet, replica) && !isNeeded(fleet, replica);

/** An undeclared stranger was never declared, so it was not withdrawn: the idle rule takes it. */
function isWithdrawn(fleet: Fleet, replica: Ready): boolean {
  const model = fleet.models.get(replica.model);
  if (model ? model.enabled : replica.stranger) return false;
  return !isNeeded(fleet, replica);
}

/** A server being drained lets go of what has a place elsewhere or is idle, and at its deadline of everything. */
function mayLeave(fleet: Fleet, replica: Ready, deadline: Instant | null, now: Now): boolean {
  if (deadline !== null && now.has(deadline)) return true;
  if (isNeeded(fleet, replica)) return false;
  if (isPinProtected(fleet, replica) || isGuaranteed(fleet, replica)) return false;
  return hasPlaceElsewhere(fleet, replica) || now.has(idleAt(fleet, replica));
}

/** Whether another copy stays; for one that only fails, one that does no better is enough. */
function hasPlaceElsewhere(fleet: Fleet, replica: Ready): boolean {
  if (solidCopies(fleet, replica.model, new Set([replica.id])) > 0) return true;
  return isReplaced(fleet, replica) && fleet.barred.get(replica.model) === 'failing';
}

/**
 * Unloads what has drained: no watcher routes to it any more, every lease has ended, and Triton's queue is empty,
 * unreadable or had its time. Where the server drains with a deadline both are cut: see `leasesEndBy`. Other orders in flight on its server may keep it waiting.
 */
export function unloadDrained(fleet: Fleet, now: Now): Action[] {
  const draining = unsettled(fleet).filter((one): one is Draining => one.phase === 'draining');
  if (draining.length === 0) return [];
  const actions: Action[] = [];
  const inWork = new InWork(fleet, now);
  const acknowledged = acknowledgedBy(fleet, now);
  const mostAt = (id: ServerId): number => ordersAtOnce(fleet, fleet.servers.get(id)!);
  for (const replica of draining) {
    if (replica.withdrawnIn > acknowledged) continue;
    if (!isRoutable(fleet.servers.get(replica.server)!)) continue;
    if (!isDrained(fleet, replica, now)) continue;
    if (inWork.isOnFamily(replica) || inWork.unloadsOn(replica.server) >= mostAt(replica.server)) continue;
    const { id, model, server, cause, makesRoomFor } = replica;
    const order = nextOrder(fleet);
    const { configToldAt } = fleet.servers.get(server)!;
    const keptUntil = Math.max(leasedUntil(fleet, replica), configToldAt, fleet.resumedAt ?? 0);
    const emptiedAt = Math.min(now.stamp, Math.max(replica.since, keptUntil));
    put(fleet, becomeUnloading(replica, { order, emptiedAt }, now));
    inWork.add(fleet.replicas.get(id)!);
    actions.push({ kind: 'unload', order, replica: id, model, server, cause, makesRoomFor });
  }
  return actions;
}

/**
 * Whether nothing of its own keeps it from being unloaded, nor a load beside it that may turn out to be made of it, nor one
 * of ours that may still run in its place.
 */
const isDrained = (fleet: Fleet, replica: Draining, now: Now): boolean =>
  now.has(pendingBeside(fleet, replica)) &&
  hasEmptied(fleet, replica, now) &&
  !fleet.servers.get(replica.server)!.hidden.some((one) => one.comesTo && one.model === replica.model);
