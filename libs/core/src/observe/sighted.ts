import type { Now } from '../numbers/now.js';
import { type Fleet, put, replicasOn } from '../fleet/fleet.js';
import type { Draining, Ready, Replica, Sight, Unknown, UnloadCause, Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import { readAnew } from '../fleet/indexes.js';
import { DEFAULT_LEASE } from '../learned/leases.js';
import type { Instant } from '../fleet/model.js';
import { isStuck } from '../fleet/standing.js';
import type { Sighting } from '../looks/look.js';
import { isEnsemble } from '../memory/footprint.js';
import { cameWith, isConfigKnown } from '../memory/pending.js';
import { learnUnloadTime } from '../learned/unload-times.js';
import { bookedAsFound, end } from './declared.js';
import { isBack } from './measure.js';
import { becomeReady, becomeUnknown } from '../fleet/transitions.js';

import { promisedOn, type Seen, unknownSighted, versionsOf } from './sighted-unknown.js';

/** Compares what a look says of one model with what is booked for it on that server. */
export function sighted(fleet: Fleet, server: Server, model: ModelId, seen: Seen): void {
  const replica = fleet.replicas.get(replicaId(model, server.spec.id));
  if (!replica || replica.phase === 'placed') {
    if (seen.sighting.kind !== 'gone') adopt(fleet, server, model, seen);
    return;
  }
  switch (replica.phase) {
    case 'loading':
      return;
    case 'ready':
      return readySighted(fleet, replica, seen);
    case 'draining':
      if (seen.sighting.kind !== 'serving') put(fleet, wentMissing(replica, seen, replica.cause));
      return;
    case 'unloading':
      return unloadingSighted(fleet, server, replica, seen);
    case 'unknown':
      return unknownSighted(fleet, replica, seen);
  }
}

/** What is found is booked at once, strangers included. */
function adopt(
  fleet: Fleet,
  server: Server,
  model: ModelId,
  { sighting, begunAt, now }: Seen,
  outlived = false,
): void {
  const where = { id: replicaId(model, server.spec.id), model, server: server.spec.id };
  const residence = { ...where, ...bookedAsFound(fleet, server, model), stranger: false };
  const one = becomeUnknown(residence, 'found', now);
  const found = { ...one, stranger: !isStep(fleet, server, one) };
  server.lateMemoryAt = now.stamp;
  if (sighting.kind === 'serving') {
    // An earlier process of Berth may have given leases on it.
    const inUseUntil = Math.max(now.stamp + DEFAULT_LEASE, promisedOn(server, model));
    return put(fleet, becomeReady(found, versionsOf(sighting), now, { inUseUntil, outlived }));
  }
  put(fleet, becomeUnknown(found, 'found', now, { sight: sightOf(sighting, begunAt, now) }));
}

/**
 * Whether what turns up without an order is a step of a load whose config is pending. A load that failed may have left steps, and
 * never tells: what turns up while it is booked, which is until a look that began after it, counts as ordered with it.
 */
function isStep(fleet: Fleet, server: Server, replica: Replica): boolean {
  if (server.ordered.has(replica.model)) return true;
  const hasFailed = (one: Replica): boolean =>
    one.phase === 'unknown' && one.after === 'load_failed' && !isConfigKnown(fleet, one.model);
  const isOrdered = replicasOn(fleet, server.spec.id).some(hasFailed);
  if (isOrdered) server.ordered.add(replica.model);
  return isOrdered || cameWith(fleet, replica).length > 0;
}

/**
 * Where a ready copy does not serve another client unloads or replaces it: its routes are withdrawn at once, but it stays
 * booked. A look that began before it was ready says nothing of it.
 */
function readySighted(fleet: Fleet, replica: Ready, seen: Seen): void {
  const { sighting, begunAt } = seen;
  if (sighting.kind === 'serving') {
    const { hidden } = fleet.servers.get(replica.server)!;
    if (hidden.some(({ model, comesTo }) => comesTo && model === replica.model)) readAnew(fleet, replica);
    const versions = versionsOf(sighting);
    if (String(versions) !== String(replica.versions)) put(fleet, { ...replica, versions });
    return;
  }
  if (begunAt < replica.since) return;
  put(fleet, wentMissing(replica, seen, 'lost'));
}

function wentMissing(
  replica: Ready | Draining,
  { sighting, begunAt, now }: Seen,
  cause: UnloadCause,
): Unknown {
  return becomeUnknown(replica, 'found', now, { sight: sightOf(sighting, begunAt, now), cause });
}

/** What a look shows that found or missed a copy. */
function sightOf({ kind }: Sighting, begunAt: Instant, now: Now): Sight {
  if (kind === 'gone') return { shows: 'absent', since: begunAt };
  return { shows: kind, since: kind === 'coming' ? now.stamp : null };
}

/** The memory is back once a look from after Triton's answer shows the model absent: see `isBack`. */
function unloadingSighted(fleet: Fleet, server: Server, replica: Unloading, seen: Seen): void {
  const { sighting, begunAt, now } = seen;
  const { answeredAt } = replica;
  if (answeredAt === null || begunAt <= answeredAt) return;
  if (sighting.kind === 'leaving') return put(fleet, { ...replica, absentSince: null });
  if (sighting.kind === 'gone') {
    return unloadingGone(fleet, server, { ...replica, absentSince: replica.absentSince ?? begunAt }, seen);
  }
  hide(fleet, server, replica, now);
  // Triton brings an ensemble up again whose step was being loaded anew, and knows it no more: its unloads have no effect.
  adopt(fleet, server, replica.model, seen, replica.absentSince === null && isEnsemble(fleet, replica.model));
}

function unloadingGone(
  fleet: Fleet,
  server: Server,
  replica: Unloading & { readonly absentSince: Instant },
  seen: Seen,
): void {
  const isProven = seen.sighting.kind === 'gone' && seen.sighting.proven;
  const isProof = isProven
    ? isBack(fleet, server, replica, seen)
    : seen.begunAt >= replica.absentSince + fleet.limits.stuckAfter;
  if (!isProof) return put(fleet, replica);
  if (isProven && !isStuck(fleet, replica, seen.now)) learnUnloadTime(server, replica, seen.now);
  end(fleet, replica, seen.now);
}

/** Another client loaded the model during its unload: the old copy may hold its memory where no call shows it. */
function hide(fleet: Fleet, server: Server, replica: Unloading, now: Now): void {
  const { model, bookings } = replica;
  const until = now.stamp + fleet.limits.stuckAfter;
  server.hidden = [...server.hidden, { model, bookings, until, comesTo: null }];
  end(fleet, replica, now);
}
