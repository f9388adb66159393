import type { Now } from '../numbers/now.js';
import type { Action } from '../fleet/actions.js';
import { type Fleet, replicasOn, unsettled, unsettledOn } from '../fleet/fleet.js';
import { inOrder, takeUndescribed } from '../fleet/indexes.js';
import type { Contact, Server, ServerSpec } from '../fleet/server.js';
import type { ReplicaId, ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { fractionOf } from '../numbers/jitter.js';
import { madeOnce } from '../numbers/groups.js';
import { isSampleWanted, windowOf } from '../fleet/meter.js';
import { isUp } from '../fleet/replica.js';
import { hasOpenOrder, isJustBorn, takesOrders } from '../fleet/standing.js';

/** The longest time between two full looks at a server without open orders, and the time with open orders. */
const FULL_LOOK_EVERY: Millis = 10_000;
const WITH_OPEN_ORDERS: Millis = 500;
/** The longest time between two readings of statistics and metrics. */
const STATISTICS_EVERY: Millis = 2_000;
/** Looks after an order to unload where a job waits there, if each takes less than a part of that. */
const EARLY: readonly Millis[] = [50, 100, 200, 400];
const EARLY_SHARE = 0.2;
/** The time between two first looks of which one failed, and the longest one where the metrics tell nothing yet. */
const FIRST_LOOK_AGAIN: Millis = 1_000;
/** The longest time between two looks at a lost server, and the share of it by which jitter shortens it at most. */
const AT_LOST: Millis = 30_000;
const LOST_JITTER = 0.25;
/** The time between two looks is at least so many times as long as the last one took. */
const PACE = 4;

/** Orders the looks that are due, the probes of slow servers, and the configs of models not described yet. */
export function poll(fleet: Fleet, now: Now): Action[] {
  const busy = busyServers(fleet, now);
  const actions: Action[] = [];
  for (const server of fleet.servers.values()) {
    const due = dueLook(fleet, server, busy, Math.max(now.stamp, now.next));
    if (now.has(due.at)) actions.push(look(server, due.scope));
    const { contact, spec } = server;
    if (contact.kind !== 'slow' || !now.has(contact.nextProbeAt)) continue;
    server.contact = { ...contact, nextProbeAt: Infinity };
    actions.push({ kind: 'probe', server: spec.id });
  }
  return [...actions, ...describe(fleet, now)];
}

/** A full look probes the mode until that is `explicit`, and without a connection, since another process may answer. */
function look(server: Server, scope: 'full' | 'statistics'): Action {
  server.looking = scope;
  const probeMode = scope === 'full' && (server.mode !== 'explicit' || isAway(server.contact));
  return { kind: 'look', server: server.spec.id, scope, probeMode };
}

/** Asks for the configs of what serves that were not asked for yet, on servers that take orders. */
function describe(fleet: Fleet, now: Now): Action[] {
  const found: ReplicaId[] = [];
  for (const server of takeUndescribed(fleet, (one) => takesOrders(one, now))) {
    const { described } = fleet.servers.get(server)!;
    for (const one of replicasOn(fleet, server)) {
      if (isUp(one) && !described.has(one.model)) found.push(one.id);
    }
  }
  return inOrder(fleet, found).map(({ server, model }) => {
    fleet.servers.get(server)!.described.set(model, 'asked');
    return { kind: 'describe', server, model };
  });
}

/** The servers with an open order that is not stuck. */
function busyServers(fleet: Readonly<Fleet>, now: Now): ReadonlySet<ServerId> {
  const replicas = unsettled(fleet).filter((replica) => hasOpenOrder(fleet, replica, now));
  return new Set(replicas.map(({ server }) => server));
}

interface Due {
  readonly at: Instant;
  readonly scope: 'full' | 'statistics';
}

/**
 * When the next look at a server is due, and which; exact where it is due by `by`, else some later instant. No look is
 * due while one is under way.
 */
function dueLook(fleet: Readonly<Fleet>, server: Server, busy: ReadonlySet<ServerId>, by: Instant): Due {
  if (server.looking !== null) return { at: Infinity, scope: 'full' };
  const full = dueFull(fleet, server, busy.has(server.spec.id));
  const statistics = dueStatistics(fleet, server);
  return statistics <= by && statistics < full && isReadOften(fleet, server)
    ? { at: statistics, scope: 'statistics' }
    : { at: full, scope: 'full' };
}

const isReadOften = (fleet: Readonly<Fleet>, server: Server): boolean =>
  server.looked && (hasRows(fleet, server) || dueSample(fleet, server, -Infinity) < Infinity);

/** Whether it has a replica that shows in Triton: a placed one does not. */
const hasRows = (fleet: Readonly<Fleet>, { spec }: Server): boolean =>
  replicasOn(fleet, spec.id).some(({ phase }) => phase !== 'placed');

function dueFull(fleet: Readonly<Fleet>, server: Server, open: boolean): Instant {
  const { contact, mode, looked, fullEndedAt, anyEndedAt, lookTook } = server;
  if (isAway(contact)) return dueAway(fleet, server);
  if (contact.kind === 'slow') return Math.min(wantedFull(server), pausedAfter(anyEndedAt, FULL_LOOK_EVERY));
  if (mode === 'restricted') return pausedAfter(fullEndedAt, FULL_LOOK_EVERY);
  const paced = pausedAfter(fullEndedAt, PACE * lookTook);
  if (!looked) return Math.max(paced, pausedAfter(fullEndedAt, FIRST_LOOK_AGAIN));
  const next = open
    ? Math.min(pausedAfter(fullEndedAt, WITH_OPEN_ORDERS), dueEarly(fleet, server))
    : staggered(fleet, server, fullEndedAt, isJustBorn(server) ? FIRST_LOOK_AGAIN : FULL_LOOK_EVERY);
  return Math.min(wantedFull(server), Math.max(paced, next));
}

/** The next early look after an order to unload that Triton has answered. A look has to be short to be worth it. */
function dueEarly(fleet: Readonly<Fleet>, { spec, lookedAt, lookTook }: Server): Instant {
  const moving = unsettledOn(fleet, spec.id);
  if (!moving.some(({ phase }) => phase === 'placed')) return Infinity;
  let due = Infinity;
  for (const one of moving) {
    if (one.phase !== 'unloading' || one.answeredAt === null) continue;
    for (const after of EARLY) {
      const at = one.orderedAt + after;
      if (at > (lookedAt ?? -Infinity) && lookTook < EARLY_SHARE * after) due = Math.min(due, at);
    }
  }
  return due;
}

/**
 * A server without a connection is looked at only where that was asked for. A lost server may still have a connection:
 * it is looked at all the same, the more rarely the longer it has been lost.
 */
function dueAway(fleet: Readonly<Fleet>, server: Server): Instant {
  const { contact, spec, anyEndedAt } = server;
  const wanted = wantedFrom(server);
  if (contact.kind !== 'lost') return wanted;
  if (anyEndedAt === null) return -Infinity;
  const pause = Math.min(AT_LOST, Math.max(FULL_LOOK_EVERY, anyEndedAt - contact.since));
  return Math.min(wanted, anyEndedAt + pause * (1 - (LOST_JITTER * shiftOf(fleet, spec)) / FULL_LOOK_EVERY));
}

/** When a full look that was asked for may begin; infinite where none was. */
const wantedFull = (server: Server): Instant =>
  Math.max(pausedAfter(server.anyEndedAt, PACE * server.lookTook), wantedFrom(server));

const wantedFrom = (server: Server): Instant => (isFullWanted(server) ? server.lookWanted! : Infinity);

/** Whether a full look was asked for, and none that began since was reported. */
export const isFullWanted = (server: Server): boolean =>
  server.lookWanted !== null && toldAt(server) < server.lookWanted;

/** The moment of which the last full look tells. Without a connection a look that failed has told all there is to tell. */
export function toldAt({ contact, lookedAt, anyEndedAt }: Server): Instant {
  const told = lookedAt ?? -Infinity;
  return isAway(contact) ? Math.max(told, anyEndedAt ?? -Infinity) : told;
}

/** Whether no connection is known to work. */
const isAway = ({ kind }: Contact): boolean => kind === 'connecting' || kind === 'down' || kind === 'lost';

function dueStatistics(fleet: Readonly<Fleet>, server: Server): Instant {
  const { contact, mode, anyEndedAt, statisticsWanted, statisticsAt, lookTook } = server;
  if (contact.kind !== 'up' || mode === 'restricted') return Infinity;
  const isWanted = statisticsWanted !== null && (statisticsAt ?? -Infinity) < statisticsWanted;
  const next = isWanted
    ? -Infinity
    : Math.min(
        staggered(fleet, server, anyEndedAt, STATISTICS_EVERY),
        dueSample(fleet, server, statisticsAt),
      );
  return Math.max(next, pausedAfter(anyEndedAt, PACE * lookTook));
}

/** When, after a look, a clean sample could be taken first of a device of which one is wanted. */
function dueSample(fleet: Readonly<Fleet>, server: Server, after: Instant | null): Instant {
  let due = Infinity;
  for (const { ordinal } of server.devices ?? []) {
    const meter = server.meters.get(ordinal);
    const at = meter ? meter.movedAt + windowOf(server) : -Infinity;
    if (at > (after ?? -Infinity) && isSampleWanted(fleet, meter!)) due = Math.min(due, at);
  }
  return due;
}

/**
 * When the next look after one that ended at `last` is due: half of `every` to all of it later. Each server has moments
 * of its own for that, half of `every` apart; so servers that were all looked at in one moment do not stay in step.
 */
function staggered(fleet: Readonly<Fleet>, { spec }: Server, last: Instant | null, every: Millis): Instant {
  const latest = pausedAfter(last, every);
  return last === null ? latest : latest - ((latest + shiftOf(fleet, spec)) % (every / 2));
}

/** By how much the moments of a server are shifted against those of others: it follows from its id. */
const shiftOf = ({ index }: Readonly<Fleet>, { id }: ServerSpec): Millis =>
  madeOnce(index.shifts, id, () => Math.floor(fractionOf(id) * FULL_LOOK_EVERY));

const pausedAfter = (last: Instant | null, pause: Millis): Instant =>
  last === null ? -Infinity : last + pause;
