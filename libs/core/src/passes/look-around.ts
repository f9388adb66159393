import type { Action } from '../actions.js';
import { type Fleet, replicasOn, unsettled } from '../fleet.js';
import { inOrder, takeUndescribed } from '../indexes.js';
import type { Replica } from '../replica.js';
import type { Server } from '../server.js';
import type { ReplicaId, ServerId } from '../ids.js';
import type { Instant, Millis } from '../model.js';
import { isBeingMeasured } from '../meter.js';
import { isStuck } from '../stuck.js';
import { takesOrders } from '../standing.js';

/** Between two full looks at a server at rest, and while an order of ours is open there. */
const AT_REST: Millis = 10_000;
const WITH_OPEN_ORDERS: Millis = 500;
/** Between two readings of statistics and metrics. */
const STATISTICS_EVERY: Millis = 2_000;
/** Before another try after a first look that failed. */
const FIRST_LOOK_AGAIN: Millis = 1_000;
/** Looks are never taken faster than this many times what the last one took. */
const PACE = 4;

/** Orders the looks that are due, the probes of slow servers, and the configs of models nobody described yet. */
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

function look(server: Server, scope: 'full' | 'statistics'): Action {
  server.looking = scope;
  const probeMode = scope === 'full' && server.mode !== 'explicit';
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
    fleet.servers.get(server)!.described.add(model);
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

const NEVER: Due = { at: Infinity, scope: 'full' };

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
  if (server.looking !== null) return NEVER;
  const full = dueFull(server, busy.has(server.spec.id));
  const statistics = dueStatistics(server);
  return statistics <= by && statistics < full && isReadOften(fleet, server)
    ? { at: statistics, scope: 'statistics' }
    : { at: full, scope: 'full' };
}

const isReadOften = (fleet: Readonly<Fleet>, server: Server): boolean =>
  server.looked && (hasRows(fleet, server) || isBeingMeasured(server));

/** Whether anything there shows in Triton: what is only placed does not. */
function hasRows(fleet: Readonly<Fleet>, { spec }: Server): boolean {
  const ids = fleet.residents.get(spec.id);
  if (ids) for (const id of ids) if (fleet.replicas.get(id)!.phase !== 'placed') return true;
  return false;
}

function dueFull(server: Server, open: boolean): Instant {
  const { contact, mode, looked, fullEndedAt, anyEndedAt } = server;
  if (contact.kind === 'connecting' || contact.kind === 'down') return Infinity;
  if (contact.kind === 'lost' || contact.kind === 'slow') return after(anyEndedAt, AT_REST);
  if (mode === 'restricted') return after(fullEndedAt, AT_REST);
  if (looked) return Math.min(wantedFull(server), after(fullEndedAt, pauseOf(server, open)));
  return after(fullEndedAt, Math.max(FIRST_LOOK_AGAIN, PACE * server.lookTook));
}

const pauseOf = ({ lookTook }: Server, open: boolean): Millis =>
  Math.max(open ? WITH_OPEN_ORDERS : AT_REST, PACE * lookTook);

/** When a look may begin that somebody waits for. */
function wantedFull(server: Server): Instant {
  const { anyEndedAt, lookTook, lookWanted } = server;
  if (lookWanted === null || !isFullWanted(server)) return Infinity;
  return Math.max(after(anyEndedAt, PACE * lookTook), lookWanted);
}

/** Whether somebody waits for a full look that has not been told yet. */
export const isFullWanted = ({ lookWanted, lookedAt }: Server): boolean =>
  lookWanted !== null && (lookedAt ?? -Infinity) < lookWanted;

function dueStatistics({
  contact,
  mode,
  anyEndedAt,
  statisticsWanted,
  statisticsAt,
  lookTook,
}: Server): Instant {
  if (contact.kind !== 'up' || mode === 'restricted') return Infinity;
  const isWanted = statisticsWanted !== null && (statisticsAt ?? -Infinity) < statisticsWanted;
  return after(anyEndedAt, Math.max(isWanted ? 0 : STATISTICS_EVERY, PACE * lookTook));
}

const after = (last: Instant | null, pause: Millis): Instant => (last === null ? -Infinity : last + pause);
