import type { Now } from '../numbers/now.js';
import { type Fleet, put, replicasOf } from '../fleet/fleet.js';
import { isLoading, isSeenComing, type Sight, type Unknown } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { ModelId } from '../fleet/ids.js';
import type { Sighting } from '../looks/look.js';
import type { Instant } from '../fleet/model.js';
import { requestsFor } from '../fleet/waiting.js';
import { isLeftAlone, loadBegan } from '../fleet/standing.js';
import { warmUp } from '../learned/cooldown.js';
import { bookedAsFound, end } from './declared.js';
import { hideWhatMayCome } from './orders.js';
import { becomeReady } from '../fleet/transitions.js';
import { APART, mayWaitUnseen, servesSince, settlesFrom, UNSETTLED } from '../looks/unseen.js';

/** What a look says of one model, when that look began, and when it was reported. */
export interface Seen<Kind extends Sighting = Sighting> {
  readonly sighting: Kind;
  readonly begunAt: Instant;
  readonly now: Now;
}

export type SeenServing = Extract<Sighting, { kind: 'serving' }>;

export const versionsOf = (sighting: SeenServing): string[] =>
  sighting.rows.map(({ version }) => version).toSorted((a, b) => Number(a) - Number(b));

/** Compares what a look says with a copy of which is not known whether it serves. */
export function unknownSighted(fleet: Fleet, replica: Unknown, seen: Seen): void {
  judgeUnknown(fleet, replica, seen);
  const found = fleet.replicas.get(replica.id);
  if (isSeenComing(replica) && (!found || (found.phase === 'unknown' && !isSeenComing(found))))
    losePromises(fleet, replica.model);
}

function judgeUnknown(fleet: Fleet, replica: Unknown, { sighting, ...when }: Seen): void {
  switch (sighting.kind) {
    case 'serving':
      return unknownServes(fleet, replica, { sighting, ...when });
    case 'coming':
      return isSeenComing(replica) ? undefined : noteSight(fleet, replica, 'coming', when.now.stamp);
    case 'leaving':
      return noteSight(fleet, replica, 'leaving', null);
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

/** The load of a model that was seen to come has left nothing: what was promised by it is lost, but where another runs. */
function losePromises(fleet: Fleet, model: ModelId): void {
  const { lost, promises } = fleet;
  if (replicasOf(fleet, model).some(isLoading)) return;
  for (const { id } of requestsFor(fleet, model))
    if (promises.get(id) != null && !lost.has(id)) lost.set(id, 'load_failed');
}

const noteSight = (fleet: Fleet, replica: Unknown, shows: Sight['shows'], since: Instant | null): void =>
  put(fleet, { ...replica, sight: { shows, since } });

/** An unload without an answer may still be carried out: the copy is not taken back before two looks settle that it was not. */
function unknownServes(fleet: Fleet, replica: Unknown, seen: Seen<SeenServing>): void {
  const { sighting, begunAt, now } = seen;
  const { after, since } = replica;
  if (begunAt < since + (after === 'unload' ? UNSETTLED : 0)) return;
  if (after === 'unload') {
    if (!isUndone(fleet, replica, seen)) return;
    fleet.servers.get(replica.server)!.lateMemoryAt = now.stamp;
  }
  const versions = versionsOf(sighting);
  if (after === 'found' || after === 'unload') return backAgain(fleet, replica, versions, now);
  if (after === 'load') warmUp(fleet, replica);
  hideWhatMayCome(fleet, replica, now);
  put(fleet, becomeReady(replica, versions, now));
}

/** Notes what the look says of an unload without an answer, and whether it was not carried out for sure. */
function isUndone(fleet: Fleet, replica: Unknown, { sighting, begunAt }: Seen<SeenServing>): boolean {
  if (replica.sent === null) return true;
  const since = sighting.isMoving ? null : servesSince(fleet, replica, begunAt);
  const until = replica.since + fleet.limits.stuckAfter;
  if (begunAt < Math.min((since ?? Infinity) + APART, until)) {
    noteSight(fleet, replica, 'serving', since);
    return false;
  }
  fleet.servers.get(replica.server)!.undone.set(replica.model, until);
  return true;
}

/** It was gone, or may have been, and is back: another client may have loaded it anew, with another config. */
function backAgain(fleet: Fleet, replica: Unknown, versions: readonly string[], now: Now): void {
  const server = fleet.servers.get(replica.server)!;
  const there = { ...replica, ...bookedAsFound(fleet, server, replica.model) };
  const inUseUntil = Math.max(now.stamp, promisedOn(server, replica.model));
  put(fleet, becomeReady(there, versions, now, { inUseUntil }));
}

export const promisedOn = ({ promised }: Server, model: ModelId): Instant => promised.get(model) ?? -Infinity;

function unknownAbsent(
  fleet: Fleet,
  replica: Unknown,
  proven: boolean,
  { begunAt, now }: Omit<Seen, 'sighting'>,
): void {
  if (replica.after === 'load_failed') {
    if (begunAt > replica.since) end(fleet, replica, now);
    return;
  }
  if (begunAt < replica.since + (replica.after === 'found' ? 0 : UNSETTLED)) return;
  if (mayStillCome(fleet, replica, begunAt)) return noteSight(fleet, replica, 'absent', null);
  const absentSince = missedSince(fleet, replica, begunAt);
  // It counts from the first look that missed it: a stuck load holds its memory unseen once its directory is removed.
  if (begunAt >= absentSince + (proven ? APART : fleet.limits.stuckAfter)) return end(fleet, replica, now);
  noteSight(fleet, replica, 'absent', absentSince);
}

/** Whether an order without an answer may still be carried out, or its load waits where no look shows it. */
function mayStillCome(fleet: Fleet, replica: Unknown, begunAt: Instant): boolean {
  const { after, since, sent } = replica;
  const server = fleet.servers.get(replica.server)!;
  if (sent !== null && begunAt < settlesFrom(server, sent, since)) return true;
  return after === 'load' && mayWaitUnseen(fleet, replica, loadBegan(replica));
}

/** When the first of the looks that missed it in a row began; after an order without an answer, of those over one connection. */
function missedSince(fleet: Fleet, { server, sent, sight }: Unknown, begunAt: Instant): Instant {
  const since = (sight.shows === 'absent' ? sight.since : null) ?? begunAt;
  return sent !== null && since < fleet.servers.get(server)!.looksCountFrom ? begunAt : since;
}
