import { type Fleet, put, replicasOn } from '../fleet/fleet.js';
import type { Draining, Ready, Replica, Unknown, UnloadCause, Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import { readAnew } from '../fleet/indexes.js';
import { sumOf } from '../memory/ledger.js';
import { DEFAULT_LEASE } from '../learned/leases.js';
import type { Sighting } from '../looks/look.js';
import type { Instant } from '../fleet/model.js';
import { isLeftAlone, isStuck } from '../fleet/standing.js';
import { learnUnloadTime } from '../learned/unload-times.js';
import { warmUp } from '../learned/cooldown.js';
import { bookedAsFound, end } from './declared.js';
import { isBack } from './measure.js';
import { becomeReady, becomeUnknown, pendingIn } from './orders.js';
import {
  APART,
  mayBeEnsemble,
  mayWaitUnseen,
  servesSince,
  settlesFrom,
  stillChanging,
  UNSETTLED,
} from '../looks/unseen.js';

/** What a look says of one model, when that look began, and when it was reported. */
export interface Seen<Kind extends Sighting = Sighting> {
  readonly sighting: Kind;
  readonly begunAt: Instant;
  readonly now: Instant;
}

type SeenServing = Extract<Sighting, { kind: 'serving' }>;

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
  { sighting, now }: Seen,
  outlived = false,
): void {
  const loads = server.ordered.has(model) ? [] : loadsOfEnsembles(fleet, server, now);
  if (loads.length > 0) server.presumed.set(model, loads);
  const found = becomeUnknown(
    {
      id: replicaId(model, server.spec.id),
      model,
      server: server.spec.id,
      ...bookedAsFound(fleet, server, model),
      since: now,
      stranger: loads.length === 0 && !server.ordered.has(model),
    },
    'found',
    now,
  );
  if (sighting.kind === 'serving') {
    // An earlier process of Berth may have given leases on it.
    const inUseUntil = Math.max(now + DEFAULT_LEASE, promisedOn(server, model));
    return put(fleet, { ...becomeReady(found, versionsOf(sighting), now), inUseUntil, outlived });
  }
  const isComing = sighting.kind === 'coming';
  put(fleet, { ...found, coming: isComing, loadOrderedAt: isComing ? now : null });
}

/**
 * Loads that may be of ensembles, and that run or have ended since the last look: a model that turns up without an order
 * is presumed to be a step of theirs. What has turned up so itself brings up nothing of its own.
 */
const loadsOfEnsembles = (fleet: Fleet, server: Server, now: Instant): ModelId[] =>
  replicasOn(fleet, server.spec.id)
    .filter((replica) => isRecentLoad(fleet, server, replica, now))
    .map(({ model }) => model)
    .filter((model) => !server.presumed.has(model) && mayBeEnsemble(fleet, server, model));

/** A failed load is booked until a look that began after it; one without an answer may run until it is stuck. */
function isRecentLoad(fleet: Fleet, { lookedAt }: Server, replica: Replica, now: Instant): boolean {
  switch (replica.phase) {
    case 'loading':
      return true;
    case 'ready':
      return !replica.stranger && replica.since >= (lookedAt ?? Infinity);
    case 'unknown':
      return replica.after === 'load_failed' || (replica.after === 'load' && !isStuck(fleet, replica, now));
    default:
      return false;
  }
}

const versionsOf = (sighting: SeenServing): string[] =>
  sighting.rows.map(({ version }) => version).toSorted((a, b) => Number(a) - Number(b));

/**
 * Where a ready copy does not serve another client unloads or replaces it: its routes are withdrawn at once, but it stays
 * booked. A look that began before it was ready says nothing of it.
 */
function readySighted(fleet: Fleet, replica: Ready, seen: Seen): void {
  const { sighting, begunAt } = seen;
  if (sighting.kind === 'serving') {
    const change = stillChanging(fleet, replica, begunAt);
    if (change?.endedAt != null) readAnew(fleet, replica);
    const versions = versionsOf(sighting);
    if (change === replica.change && String(versions) === String(replica.versions)) return;
    put(fleet, { ...replica, versions, change });
    return;
  }
  if (begunAt < replica.since || (replica.change?.order && replica.change.endedAt === null)) return;
  put(fleet, wentMissing(replica, seen, 'lost'));
}

function wentMissing(
  replica: Ready | Draining,
  { sighting, begunAt, now }: Seen,
  cause: UnloadCause,
): Unknown {
  const change = replica.phase === 'ready' && replica.change?.order ? replica.change : null;
  const bookings = sumOf([replica.bookings, change?.bookings ?? []]);
  const missing = becomeUnknown({ ...replica, bookings }, 'found', now);
  const absentSince = sighting.kind === 'gone' ? begunAt : null;
  return { ...missing, coming: sighting.kind === 'coming', absentSince, cause };
}

/** The memory is back once a look from after Triton's answer shows the model absent: see `isBack`. */
function unloadingSighted(fleet: Fleet, server: Server, replica: Unloading, seen: Seen): void {
  const { sighting, begunAt, now } = seen;
  const { answeredAt } = replica;
  if (answeredAt === null || begunAt <= answeredAt) return;
  if (sighting.kind === 'leaving') return put(fleet, { ...replica, absentSince: null });
  if (sighting.kind === 'gone') {
    const absentSince = replica.absentSince ?? begunAt;
    const isProof = sighting.proven
      ? isBack(fleet, server, { ...replica, absentSince }, seen)
      : begunAt >= absentSince + fleet.limits.stuckAfter;
    if (!isProof) return put(fleet, { ...replica, absentSince });
    if (sighting.proven && !isStuck(fleet, replica, now)) learnUnloadTime(fleet, server, replica, now);
    return end(fleet, replica, now);
  }
  hide(fleet, server, replica, now);
  // Triton brings an ensemble up again whose step was being loaded anew, and knows it no more: its unloads have no effect.
  adopt(fleet, server, replica.model, seen, replica.absentSince === null && fleet.steps.has(replica.model));
}

/** Another client loaded the model during its unload: the old copy may hold its memory where no call shows it. */
function hide(fleet: Fleet, server: Server, replica: Unloading, now: Instant): void {
  const { model, bookings } = replica;
  server.hidden = [...server.hidden, { model, bookings, until: now + fleet.limits.stuckAfter }];
  end(fleet, replica, now);
}

function unknownSighted(fleet: Fleet, before: Unknown, { sighting, ...when }: Seen): void {
  const replica = sighting.kind === 'serving' ? before : { ...before, servesSince: null };
  switch (sighting.kind) {
    case 'serving':
      return unknownServes(fleet, replica, { sighting, ...when });
    case 'coming': {
      const loadOrderedAt = replica.loadOrderedAt ?? when.now;
      return put(fleet, { ...replica, coming: true, absentSince: null, loadOrderedAt });
    }
    case 'leaving':
      return put(fleet, { ...replica, coming: false, absentSince: null, loadOrderedAt: null });
    case 'gone':
      // A server that loads by itself lists no model whose directory has gone.
      return unknownAbsent(
        fleet,
        replica,
        sighting.proven || isLeftAlone(fleet.servers.get(replica.server)!),
        when,
      );
  }
}

/** An unload without an answer may still be carried out: the copy is not taken back before two looks settle that it was not. */
function unknownServes(fleet: Fleet, replica: Unknown, seen: Seen<SeenServing>): void {
  const { sighting, begunAt, now } = seen;
  const { after, endedAt, sent } = replica;
  if (begunAt < endedAt + (after === 'unload' ? UNSETTLED : 0)) return;
  if (after === 'unload' && sent !== null) {
    const since = sighting.isMoving ? null : servesSince(fleet, replica, begunAt);
    const isSettled = since !== null && begunAt >= since + APART;
    if (!isSettled && begunAt < endedAt + fleet.limits.stuckAfter)
      return put(fleet, { ...replica, coming: false, absentSince: null, servesSince: since });
    fleet.servers.get(replica.server)!.undone.set(replica.model, endedAt + fleet.limits.stuckAfter);
  }
  const versions = versionsOf(sighting);
  if (after === 'found' || after === 'unload') return backAgain(fleet, replica, versions, now);
  if (after === 'load') warmUp(fleet, replica);
  put(fleet, { ...becomeReady(replica, versions, now), change: pendingIn(fleet, replica) });
}

/** It was gone, or may have been, and is back: another client may have loaded it anew, with another config. */
function backAgain(fleet: Fleet, replica: Unknown, versions: readonly string[], now: Instant): void {
  const server = fleet.servers.get(replica.server)!;
  const there = { ...replica, ...bookedAsFound(fleet, server, replica.model) };
  const inUseUntil = Math.max(now, promisedOn(server, replica.model));
  put(fleet, { ...becomeReady(there, versions, now), inUseUntil });
}

const promisedOn = ({ promised }: Server, model: ModelId): Instant => promised.get(model) ?? -Infinity;

function unknownAbsent(
  fleet: Fleet,
  replica: Unknown,
  proven: boolean,
  { begunAt, now }: Omit<Seen, 'sighting'>,
): void {
  if (replica.after === 'load_failed') {
    if (begunAt > replica.endedAt) end(fleet, replica, now);
    return;
  }
  const { after, endedAt, sent, loadOrderedAt } = replica;
  if (begunAt < endedAt + (after === 'found' ? 0 : UNSETTLED)) return;
  const isOpen = sent !== null && begunAt < settlesFrom(fleet.servers.get(replica.server)!, sent, endedAt);
  if (isOpen || (after === 'load' && mayWaitUnseen(fleet, replica, loadOrderedAt))) {
    return put(fleet, { ...replica, coming: false, absentSince: null });
  }
  const absentSince = replica.absentSince ?? begunAt;
  // It counts from the first look that missed it: a stuck load holds its memory unseen once its directory is removed.
  if (begunAt >= absentSince + (proven ? APART : fleet.limits.stuckAfter)) return end(fleet, replica, now);
  put(fleet, { ...replica, coming: false, absentSince });
}
