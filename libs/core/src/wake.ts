import type { Fleet } from './fleet.js';
import type { Ready, Replica } from './replica.js';
import type { Server } from './server.js';
import type { Instant } from './model.js';
import { residentUntil } from './passes/victims.js';
import { idleAt, idleUnloadAt, settingsOf } from './passes/idle.js';
import { dueLook, workByServer } from './passes/look-around.js';
import { queueGraceEnds } from './passes/retire.js';
import { loadBounds, RECONNECT_GRACE, SETTLING } from './standing.js';
import { stuckAt } from './stuck.js';

/** The next moment at which time alone would change a decision. One alarm, not one per object. */
export function nextWake(fleet: Readonly<Fleet>, now: Instant): Instant {
  if (fleet.closing) return Infinity;
  let wake = Infinity;
  for (const at of moments(fleet, now)) wake = sooner(at, now, wake);
  for (const replica of fleet.replicas.values()) wake = replicaWake(fleet, replica, now, wake);
  return wake;
}

const sooner = (at: Instant | null, now: Instant, wake: Instant): Instant =>
  at !== null && at > now && at < wake ? at : wake;

function* moments(fleet: Readonly<Fleet>, now: Instant): Iterable<Instant | null> {
  if (fleet.startedAt !== null) yield fleet.startedAt + SETTLING;
  for (const { deadline } of fleet.waiting.values()) yield deadline;
  for (const { until } of fleet.wishes.values()) yield until;
  for (const { until } of fleet.cooldowns.values()) yield until;
  for (const since of fleet.wantedSince.values()) yield since + fleet.limits.starvation;
  const work = workByServer(fleet, now);
  for (const server of fleet.servers.values()) {
    yield dueLook(server, work.get(server.spec.id) ?? { open: false, listed: false }).at;
    yield* serverMoments(server);
  }
}

function* serverMoments({ contact, drain }: Server): Iterable<Instant | null> {
  if (contact.kind === 'down') yield contact.since + RECONNECT_GRACE;
  if (contact.kind === 'slow') yield contact.nextProbeAt;
  yield drain?.deadline ?? null;
}

/** The next moment of a replica where it comes before `wake`, else `wake`. */
function replicaWake(fleet: Readonly<Fleet>, replica: Replica, now: Instant, wake: Instant): Instant {
  const load = loadBounds(fleet, replica);
  const next = load ? sooner(load.overdueAt, now, sooner(load.slotUntil, now, wake)) : wake;
  switch (replica.phase) {
    case 'ready':
      return readyWake(fleet, replica, now, next);
    case 'draining':
      return sooner(replica.inUseUntil, now, sooner(queueGraceEnds(replica), now, next));
    default:
      return sooner(stuckAt(fleet, replica), now, next);
  }
}

/** Almost all replicas are ready: whether one may be retired at all is asked only where that would come first. */
function readyWake(fleet: Readonly<Fleet>, replica: Ready, now: Instant, wake: Instant): Instant {
  const settings = settingsOf(fleet, replica);
  const isNext = sooner(idleAt(fleet, replica, settings), now, wake) < wake;
  const next = isNext ? sooner(idleUnloadAt(fleet, replica), now, wake) : wake;
  if (fleet.wantedSince.size === 0) return next;
  return sooner(replica.inUseUntil, now, sooner(residentUntil(fleet, replica, settings), now, next));
}
