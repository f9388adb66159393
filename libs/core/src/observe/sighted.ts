import { type Fleet, put, replicasOn } from '../fleet/fleet.js';
import type { Draining, Ready, Replica, Unknown, UnloadCause, Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { bookingsFor, devicesFound } from '../memory/footprint.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import { readAnew } from '../fleet/indexes.js';
import { sumOf } from '../memory/ledger.js';
import { DEFAULT_LEASE } from '../learned/leases.js';
import type { Sighting } from '../looks/look.js';
import type { Instant, Millis } from '../fleet/model.js';
import { isStuck } from '../fleet/stuck.js';
import { learnUnloadTime } from '../learned/unload-times.js';
import { warmUp } from '../learned/cooldown.js';
import { end } from './ended.js';
import { isGivenBack } from './measure.js';
import { becomeReady, becomeUnknown, pendingIn } from './orders.js';
import { mayBeEnsemble, mayWaitUnseen } from '../looks/unseen.js';

/** Two looks that show a model absent must be this far apart to end a booking that no answer of Triton's ended. */
const APART: Millis = 1_000;
/** After a call without an answer the order may still sit behind Triton's lock for a while, without showing. */
const UNSETTLED: Millis = 5_000;

/** What a look says of one model, when that look began, and when we were told. */
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
      return drainingSighted(fleet, replica, seen);
    case 'unloading':
      return unloadingSighted(fleet, server, replica, seen);
    case 'unknown':
      return unknownSighted(fleet, replica, seen);
  }
}

/** What is found is booked at once, ours or not; what an earlier copy's config said of it says nothing now. */
function adopt(fleet: Fleet, server: Server, model: ModelId, { sighting, now }: Seen): void {
  forgetConfig(fleet, server, model);
  const devices = devicesFound(fleet, server, model);
  const loads = server.ordered.has(model) ? [] : loadsOfEnsembles(fleet, server, now);
  if (loads.length > 0) server.presumed.set(model, loads);
  const found = becomeUnknown(
    {
      id: replicaId(model, server.spec.id),
      model,
      server: server.spec.id,
      devices,
      bookings: bookingsFor(fleet, server, model, devices),
      since: now,
      stranger: loads.length === 0 && !server.ordered.has(model),
    },
    'found',
    now,
    null,
  );
  if (sighting.kind === 'serving') {
    // It may be in use by leases that an earlier life of ours gave.
    const inUseUntil = Math.max(now + DEFAULT_LEASE, promisedOn(server, model));
    return put(fleet, { ...becomeReady(found, versionsOf(sighting), now), inUseUntil });
  }
  const isComing = sighting.kind === 'coming';
  put(fleet, { ...found, coming: isComing, loadOrderedAt: isComing ? now : null });
}

/**
 * The loads of ours that may be of ensembles, and run or have ended since the last look: what turns up unordered is
 * booked as a step of theirs.
 */
const loadsOfEnsembles = (fleet: Fleet, server: Server, now: Instant): ModelId[] =>
  replicasOn(fleet, server.spec.id)
    .filter((replica) => isRecentLoad(fleet, server, replica, now))
    .map(({ model }) => model)
    .filter((model) => mayBeEnsemble(fleet, server, model));

/** A load that failed is booked until a look begun after it; one without an answer may run until it counts as stuck. */
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
 * Another client unloads or replaces what we gave routes to: the routes are withdrawn at once, the bytes are not.
 * A look begun before the copy was ready says nothing of it.
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

/**
 * The change of a replica that serves, where it has not come to an end by itself. Its time begins anew as long as its load
 * may wait behind another one.
 */
function stillChanging(fleet: Fleet, replica: Ready, begunAt: Instant): Ready['change'] {
  const { change } = replica;
  if (change?.endedAt == null) return change;
  if (!change.answered && mayWaitUnseen(fleet, replica, change.orderedAt)) {
    return { ...change, endedAt: Math.max(change.endedAt, begunAt) };
  }
  const isOver = begunAt > change.endedAt + (change.answered ? 0 : fleet.limits.stuckAfter);
  return isOver ? null : change;
}

function drainingSighted(fleet: Fleet, replica: Draining, seen: Seen): void {
  if (seen.sighting.kind !== 'serving') put(fleet, wentMissing(replica, seen, replica.cause));
}

function wentMissing(
  replica: Ready | Draining,
  { sighting, begunAt, now }: Seen,
  cause: UnloadCause,
): Unknown {
  const change = replica.phase === 'ready' && replica.change?.order ? replica.change : null;
  const bookings = sumOf([replica.bookings, change?.bookings ?? []]);
  const missing = becomeUnknown({ ...replica, bookings }, 'found', now, null);
  const absentSince = sighting.kind === 'gone' ? begunAt : null;
  return { ...missing, coming: sighting.kind === 'coming', absentSince, cause };
}

/** The memory is back once a look begun after Triton's answer shows the model absent, and, where it was measured, less in use. */
function unloadingSighted(fleet: Fleet, server: Server, replica: Unloading, seen: Seen): void {
  const { sighting, begunAt, now } = seen;
  const { answeredAt } = replica;
  if (answeredAt === null || begunAt <= answeredAt) return;
  if (sighting.kind === 'leaving') return put(fleet, { ...replica, absentSince: null });
  if (sighting.kind === 'gone') {
    const absentSince = replica.absentSince ?? begunAt;
    const isProof = sighting.proven
      ? isGivenBack(server, replica, begunAt - absentSince)
      : begunAt >= absentSince + fleet.limits.stuckAfter;
    if (!isProof) return put(fleet, { ...replica, absentSince });
    if (sighting.proven && !isStuck(fleet, replica, now)) learnUnloadTime(fleet, server, replica, now);
    return end(fleet, replica, now);
  }
  hide(fleet, server, replica, now);
  adopt(fleet, server, replica.model, seen);
}

/** Another client loaded the model while ours was leaving: the old copy may live on where no call shows it. */
function hide(fleet: Fleet, server: Server, replica: Unloading, now: Instant): void {
  const { model, bookings } = replica;
  server.hidden = [...server.hidden, { model, bookings, until: now + fleet.limits.stuckAfter }];
  server.ordered.delete(model);
  end(fleet, replica, now);
}

function unknownSighted(fleet: Fleet, replica: Unknown, { sighting, ...when }: Seen): void {
  switch (sighting.kind) {
    case 'serving':
      return unknownServes(fleet, replica, { sighting, ...when });
    case 'coming': {
      const loadOrderedAt = replica.loadOrderedAt ?? when.now;
      put(fleet, { ...replica, coming: true, absentSince: null, loadOrderedAt });
      return;
    }
    case 'leaving':
      put(fleet, { ...replica, coming: false, absentSince: null, loadOrderedAt: null });
      return;
    case 'gone':
      return unknownAbsent(fleet, replica, sighting.proven, when);
  }
}

/** An unload without an answer may still be carried out; only when it has had its time is the copy taken back. */
function unknownServes(fleet: Fleet, replica: Unknown, { sighting, begunAt, now }: Seen<SeenServing>): void {
  const settledAt = replica.after === 'unload' ? replica.endedAt + UNSETTLED : replica.endedAt;
  if (begunAt < settledAt) return;
  if (replica.after === 'load') warmUp(fleet, replica);
  if (replica.after === 'found') return backAgain(fleet, replica, versionsOf(sighting), now);
  put(fleet, { ...becomeReady(replica, versionsOf(sighting), now), change: pendingIn(fleet, replica) });
}

/** It was gone and is there: another client may have loaded it anew, with another config. */
function backAgain(fleet: Fleet, replica: Unknown, versions: readonly string[], now: Instant): void {
  const server = fleet.servers.get(replica.server)!;
  forgetConfig(fleet, server, replica.model);
  const devices = devicesFound(fleet, server, replica.model);
  const bookings = bookingsFor(fleet, server, replica.model, devices);
  const ready = becomeReady({ ...replica, devices, bookings }, versions, now);
  put(fleet, { ...ready, inUseUntil: Math.max(ready.inUseUntil, promisedOn(server, replica.model)) });
}

const promisedOn = ({ promised }: Server, model: ModelId): Instant => promised.get(model) ?? -Infinity;

/** Until its own config is read again a copy is taken to be on every device. */
function forgetConfig(fleet: Fleet, server: Server, model: ModelId): void {
  server.configs.delete(model);
  readAnew(fleet, { model, server: server.spec.id });
}

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
  const unsettled = replica.after === 'found' ? 0 : UNSETTLED;
  if (begunAt < replica.endedAt + unsettled) return;
  if (replica.after === 'load' && mayWaitUnseen(fleet, replica, replica.loadOrderedAt)) {
    return put(fleet, { ...replica, coming: false, absentSince: null });
  }
  const absentSince = replica.absentSince ?? begunAt;
  // From when it was first missed, not from the end of our call: a stuck load is seen for longer than that, and where
  // its directory is removed it is hidden while it still holds its memory.
  const enough = proven ? APART : fleet.limits.stuckAfter;
  if (begunAt >= absentSince + enough) return end(fleet, replica, now);
  put(fleet, { ...replica, coming: false, absentSince });
}
