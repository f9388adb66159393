import { type Fleet, unsettled } from './fleet/fleet.js';
import { indexesOf } from './fleet/indexes.js';
import type { ReplicaId } from './fleet/ids.js';
import { leasedUntil } from './learned/leases.js';
import type { Draining, Ready, Replica } from './fleet/replica.js';
import type { Server } from './fleet/server.js';
import type { Instant } from './fleet/model.js';
import { sparedAt } from './controllers/copies.js';
import { idleAt, idleUnloadAt, queueGraceEnds } from './demand/idle.js';
import { busyServers, dueLook } from './looks/look-around.js';
import { WISH_STARVES } from './demand/wants.js';
import { untoldUntil } from './memory/untold.js';
import { nextSearch } from './loading/schedule.js';
import { changesOfWatchers } from './learned/watchers.js';
import { loadBounds, RECONNECT_GRACE, SETTLING, stuckAt } from './fleet/standing.js';
import { earliestDeadline } from './fleet/waiting.js';

/** The next moment at which time alone would change a decision. One alarm, not one per object. */
export function nextWake(fleet: Readonly<Fleet>, now: Instant): Instant {
  if (fleet.closing) return Infinity;
  let wake = demandWake(fleet, now);
  for (const { until } of fleet.shortfalls.values()) wake = sooner(until, now, wake);
  const busy = busyServers(fleet, now);
  for (const server of fleet.servers.values()) {
    const looks = sooner(dueLook(fleet, server, busy, wake).at, now, wake);
    wake = serverWake(server, now, looks);
  }
  for (const replica of unsettled(fleet)) wake = replicaWake(fleet, replica, now, wake);
  return settledWake(fleet, now, wake);
}

const sooner = (at: Instant | null, now: Instant, wake: Instant): Instant =>
  at !== null && at > now && at < wake ? at : wake;

/** The next moment of what is wanted. */
function demandWake(fleet: Readonly<Fleet>, now: Instant): Instant {
  let wake = fleet.startedAt === null ? Infinity : sooner(fleet.startedAt + SETTLING, now, Infinity);
  wake = sooner(earliestDeadline(fleet), now, wake);
  for (const ends of [fleet.wishes, fleet.cooldowns, fleet.breakers])
    for (const { until } of ends.values()) wake = sooner(until, now, wake);
  for (const [id, strain] of fleet.strains) {
    for (const at of sparedAt(fleet, id, strain, now)) wake = sooner(at, now, wake);
  }
  wake = watcherWake(fleet, now, wake);
  return fleet.wantedSince.size === 0 ? wake : lackingWake(fleet, now, wake);
}

/** The next moment at which a watcher that says nothing holds up no unload any more. */
function watcherWake(fleet: Readonly<Fleet>, now: Instant, before: Instant): Instant {
  let wake = before;
  if (fleet.unsettled.size === 0 && fleet.line.size === 0) return wake;
  for (const at of changesOfWatchers(fleet)) wake = sooner(at, now, wake);
  return wake;
}

/** The next moment of what is lacking somewhere. */
function lackingWake(fleet: Readonly<Fleet>, now: Instant, before: Instant): Instant {
  let wake = before;
  const { starvation } = fleet.limits;
  for (const since of fleet.awaitedSince.values()) wake = sooner(since + starvation, now, wake);
  for (const since of fleet.wantedSince.values())
    for (const times of [1, WISH_STARVES]) wake = sooner(since + times * starvation, now, wake);
  for (const until of fleet.refuted.values()) wake = sooner(until, now, wake);
  // What a copy is worth, whether it is in use, and what loads is asked anew while a job waits.
  if (fleet.line.size > 0) wake = sooner(nextSearch(now), now, wake);
  for (const { changesAt } of fleet.line.values()) for (const at of changesAt) wake = sooner(at, now, wake);
  return wake;
}

/** The next moment of a server, looks at it aside, where it comes before `wake`, else `wake`. */
function serverWake({ contact, drain, undone }: Server, now: Instant, wake: Instant): Instant {
  let next = sooner(drain?.deadline ?? null, now, wake);
  for (const until of undone.values()) next = sooner(until, now, next);
  if (contact.kind === 'down') return sooner(contact.since + RECONNECT_GRACE, now, next);
  return contact.kind === 'slow' ? sooner(contact.nextProbeAt, now, next) : next;
}

/** The next moment of a replica where it comes before `wake`, else `wake`. */
function replicaWake(fleet: Readonly<Fleet>, replica: Replica, now: Instant, wake: Instant): Instant {
  const load = loadBounds(fleet, replica);
  const stuck = sooner(stuckAt(fleet, replica), now, wake);
  const next = load ? sooner(load.overdueAt, now, sooner(load.slotUntil, now, stuck)) : stuck;
  switch (replica.phase) {
    case 'placed':
      return fleet.cooldowns.size > 0 ? sooner(replica.since + fleet.limits.starvation, now, next) : next;
    case 'ready':
      return idleWake(fleet, replica, now, next);
    case 'draining':
      return drainingWake(fleet, replica, now, next);
    default:
      return next;
  }
}

function drainingWake(fleet: Readonly<Fleet>, replica: Draining, now: Instant, wake: Instant): Instant {
  const graced = sooner(queueGraceEnds(fleet, replica), now, wake);
  const drained = sooner(leasedUntil(fleet, replica), now, graced);
  return sooner(untoldUntil(fleet, replica), now, drained);
}

/** Whether one may be retired at all is asked only where that would come first. */
function idleWake(fleet: Readonly<Fleet>, replica: Ready, now: Instant, wake: Instant): Instant {
  const isNext = sooner(idleAt(fleet, replica), now, wake) < wake;
  return isNext ? sooner(idleUnloadAt(fleet, replica), now, wake) : wake;
}

/** The next moment of all that are simply ready where it comes before `wake`, else `wake`: nearly all replicas are. */
function settledWake(fleet: Readonly<Fleet>, now: Instant, wake: Instant): Instant {
  const of = (id: ReplicaId): Ready => fleet.replicas.get(id) as Ready;
  return indexesOf(fleet).retirements.earliest(-Infinity, wake, (id, next) =>
    idleWake(fleet, of(id), now, next),
  );
}
