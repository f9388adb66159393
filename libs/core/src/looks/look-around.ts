import type { Action } from '../fleet/actions.js';
import { type Fleet, replicasOn, unsettled } from '../fleet/fleet.js';
import { inOrder, takeUndescribed } from '../fleet/indexes.js';
import type { Replica } from '../fleet/replica.js';
import type { Contact, Server, ServerSpec } from '../fleet/server.js';
import type { ReplicaId, ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { fractionOf } from '../numbers/jitter.js';
import { isBeingMeasured } from '../fleet/meter.js';
import { isStuck } from '../fleet/stuck.js';
import { takesOrders } from '../fleet/standing.js';

/** Between two full looks at a server at rest at most, and while an order of ours is open there. */
const FULL_LOOK_EVERY: Millis = 10_000;
const WITH_OPEN_ORDERS: Millis = 500;
/** Between two readings of statistics and metrics at most. */
const STATISTICS_EVERY: Millis = 2_000;
/** Before another try after a first look that failed. */
const FIRST_LOOK_AGAIN: Millis = 1_000;
/** Between two looks at a lost server at most, and by which share they are closer for a jitter. */
const AT_LOST: Millis = 30_000;
const LOST_JITTER = 0.25;
/** Looks are never taken faster than this many times what the last one took. */
const PACE = 4;

/** Orders the looks that are due, the probes of slow servers, and the configs of models not described yet. */
export function lookAround(fleet: Fleet, now: Instant): Action[] {
  const busy = busyServers(fleet, now);
  const actions: Action[] = [];
  for (const server of fleet.servers.values()) {
    const due = dueLook(fleet, server, busy, now);
    if (due.at <= now) actions.push(look(server, due.scope));
    if (server.contact.kind === 'slow' && server.contact.nextProbeAt <= now) actions.push(probe(server));
  }
  for (const action of describe(fleet, now)) actions.push(action);
  return actions;
}

/** What answers over another connection may have another mode. */
function look(server: Server, scope: 'full' | 'statistics'): Action {
  server.looking = scope;
  const probeMode = scope === 'full' && (server.mode !== 'explicit' || isAway(server.contact));
  return { kind: 'look', server: server.spec.id, scope, probeMode };
}

function probe(server: Server): Action {
  if (server.contact.kind === 'slow') server.contact = { ...server.contact, nextProbeAt: Infinity };
  return { kind: 'probe', server: server.spec.id };
}

/** What is ready and was not described, on servers that take orders. */
function describe(fleet: Fleet, now: Instant): Action[] {
  const found: ReplicaId[] = [];
  for (const server of takeUndescribed(fleet, (one) => takesOrders(one, now))) {
    const { described } = fleet.servers.get(server)!;
    for (const one of replicasOn(fleet, server)) {
      if (one.phase === 'ready' && !described.has(one.model)) found.push(one.id);
    }
  }
  return inOrder(fleet, found).map(({ server, model }) => {
    fleet.servers.get(server)!.described.set(model, 'asked');
    return { kind: 'describe', server, model };
  });
}

/** The servers at which an order of ours is open, and not stuck. */
export function busyServers(fleet: Readonly<Fleet>, now: Instant): ReadonlySet<ServerId> {
  const busy = new Set<ServerId>();
  for (const replica of unsettled(fleet)) if (isOpen(fleet, replica, now)) busy.add(replica.server);
  return busy;
}

function isOpen(fleet: Readonly<Fleet>, replica: Replica, now: Instant): boolean {
  switch (replica.phase) {
    case 'loading':
    case 'unloading':
    case 'unknown':
      return !isStuck(fleet, replica, now);
    case 'ready':
      return replica.change?.order != null && !isStuck(fleet, replica, now);
    default:
      return false;
  }
}

interface Due {
  readonly at: Instant;
  readonly scope: 'full' | 'statistics';
}

const NO_LOOK_DUE: Due = { at: Infinity, scope: 'full' };

/**
 * When the next look at a server is due, and how much of one, where that is by an instant: else at some later one. Never
 * while one is under way. What is there is gone over only where it could be the reason for a look.
 */
export function dueLook(
  fleet: Readonly<Fleet>,
  server: Server,
  busy: ReadonlySet<ServerId>,
  by: Instant,
): Due {
  if (server.looking !== null) return NO_LOOK_DUE;
  const full = dueFull(fleet, server, busy.has(server.spec.id));
  const statistics = dueStatistics(fleet, server);
  return statistics <= by && statistics < full && isReadOften(fleet, server)
    ? { at: statistics, scope: 'statistics' }
    : { at: full, scope: 'full' };
}

const isReadOften = (fleet: Readonly<Fleet>, server: Server): boolean =>
  server.looked && (hasRows(fleet, server) || isBeingMeasured(fleet, server));

/** Whether anything there shows in Triton: what is only placed does not. */
function hasRows(fleet: Readonly<Fleet>, { spec }: Server): boolean {
  const ids = fleet.residents.get(spec.id);
  if (ids) for (const id of ids) if (fleet.replicas.get(id)!.phase !== 'placed') return true;
  return false;
}

function dueFull(fleet: Readonly<Fleet>, server: Server, open: boolean): Instant {
  const { contact, mode, looked, fullEndedAt, anyEndedAt, lookTook } = server;
  if (isAway(contact)) return dueAway(fleet, server);
  if (contact.kind === 'slow') return Math.min(wantedFull(server), pausedAfter(anyEndedAt, FULL_LOOK_EVERY));
  if (mode === 'restricted') return pausedAfter(fullEndedAt, FULL_LOOK_EVERY);
  const paced = pausedAfter(fullEndedAt, PACE * lookTook);
  if (!looked) return Math.max(paced, pausedAfter(fullEndedAt, FIRST_LOOK_AGAIN));
  const next = open
    ? pausedAfter(fullEndedAt, WITH_OPEN_ORDERS)
    : staggered(fleet, server, fullEndedAt, FULL_LOOK_EVERY);
  return Math.min(wantedFull(server), Math.max(paced, next));
}

/**
 * A server without a connection is tried by what keeps the connections, and that at once where a look was asked for. A lost
 * one may still have its connection: it is looked at the more rarely the longer it has been lost.
 */
function dueAway(fleet: Readonly<Fleet>, server: Server): Instant {
  const { contact, spec, anyEndedAt, lookWanted } = server;
  const wanted = isFullWanted(server) ? lookWanted! : Infinity;
  if (contact.kind !== 'lost') return wanted;
  if (anyEndedAt === null) return -Infinity;
  const pause = Math.min(AT_LOST, Math.max(FULL_LOOK_EVERY, anyEndedAt - contact.since));
  return Math.min(wanted, anyEndedAt + pause * (1 - (LOST_JITTER * shiftOf(fleet, spec)) / FULL_LOOK_EVERY));
}

/** When a look that was asked for may begin. */
function wantedFull(server: Server): Instant {
  const { anyEndedAt, lookTook, lookWanted } = server;
  if (lookWanted === null || !isFullWanted(server)) return Infinity;
  return Math.max(pausedAfter(anyEndedAt, PACE * lookTook), lookWanted);
}

/** Whether a full look was asked for that has not been told yet. */
export const isFullWanted = (server: Server): boolean =>
  server.lookWanted !== null && toldAt(server) < server.lookWanted;

/** From when on a look that is asked for is another one: without a connection one that failed has told all there is to tell. */
export function toldAt({ contact, lookedAt, anyEndedAt }: Server): Instant {
  const told = lookedAt ?? -Infinity;
  return isAway(contact) ? Math.max(told, anyEndedAt ?? -Infinity) : told;
}

/** Whether nothing answers there as far as is known. */
const isAway = ({ kind }: Contact): boolean => kind === 'connecting' || kind === 'down' || kind === 'lost';

function dueStatistics(fleet: Readonly<Fleet>, server: Server): Instant {
  const { contact, mode, anyEndedAt, statisticsWanted, statisticsAt, lookTook } = server;
  if (contact.kind !== 'up' || mode === 'restricted') return Infinity;
  const isWanted = statisticsWanted !== null && (statisticsAt ?? -Infinity) < statisticsWanted;
  const next = isWanted ? -Infinity : staggered(fleet, server, anyEndedAt, STATISTICS_EVERY);
  return Math.max(next, pausedAfter(anyEndedAt, PACE * lookTook));
}

/**
 * When the next look after one that ended then is due at rest. Not all servers are looked at in step, although all are
 * looked at in the same moment after a start, or for an unknown name. Each has moments of its own, half an interval
 * apart. The latest of them is taken at which the interval is not over. So a look comes never later than that, and half
 * of it earlier at most.
 */
function staggered(fleet: Readonly<Fleet>, { spec }: Server, last: Instant | null, every: Millis): Instant {
  const latest = pausedAfter(last, every);
  return last === null ? latest : latest - ((latest + shiftOf(fleet, spec)) % (every / 2));
}

/** By how much the moments of a server lie beside those of others: it follows from its id, and is worked out once. */
function shiftOf({ index: { shifts } }: Readonly<Fleet>, { id }: ServerSpec): Millis {
  const known = shifts.get(id);
  if (known !== undefined) return known;
  const shift = Math.floor(fractionOf(id) * FULL_LOOK_EVERY);
  shifts.set(id, shift);
  return shift;
}

const pausedAfter = (last: Instant | null, pause: Millis): Instant =>
  last === null ? -Infinity : last + pause;
