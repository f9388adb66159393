import type { Fleet } from './fleet.js';
import type { Replica } from './replica.js';
import type { Server } from './server.js';
import type { Instant } from './model.js';
import { residentUntil } from './passes/evict.js';
import { idleUnloadAt } from './passes/idle.js';
import { dueLook, workByServer } from './passes/look-around.js';
import { queueGraceEnds } from './passes/retire.js';
import { loadBounds, RECONNECT_GRACE, SETTLING } from './standing.js';
import { stuckAt } from './stuck.js';

/** The next moment at which time alone would change a decision. One alarm, not one per object. */
export function nextWake(fleet: Readonly<Fleet>, now: Instant): Instant {
  if (fleet.closing) return Infinity;
  let wake = Infinity;
  for (const at of moments(fleet, now)) if (at !== null && at > now && at < wake) wake = at;
  return wake;
}

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
  for (const replica of fleet.replicas.values()) yield* replicaMoments(fleet, replica);
}

function* serverMoments({ contact, drain }: Server): Iterable<Instant | null> {
  if (contact.kind === 'down') yield contact.since + RECONNECT_GRACE;
  if (contact.kind === 'slow') yield contact.nextProbeAt;
  yield drain?.deadline ?? null;
}

function* replicaMoments(fleet: Readonly<Fleet>, replica: Replica): Iterable<Instant | null> {
  const load = loadBounds(fleet, replica);
  if (load) yield* [load.overdueAt, load.slotUntil];
  switch (replica.phase) {
    case 'ready':
      yield idleUnloadAt(fleet, replica);
      if (fleet.wantedSince.size > 0) yield* [replica.inUseUntil, residentUntil(fleet, replica)];
      return;
    case 'draining':
      yield* [replica.inUseUntil, queueGraceEnds(replica)];
      return;
    default:
      yield stuckAt(fleet, replica);
  }
}
