import { type Fleet, unsettled } from './fleet.js';
import type { Loading, Placed, Ready, Replica } from './replica.js';
import { labelsMatch, type Server } from './server.js';
import type { ModelId, ReplicaId, ServerId } from './ids.js';
import type { Instant } from './model.js';

/** How long an ended connection may take to come back before its server counts as lost. */
export const RECONNECT_GRACE = 2_000;
/** For how long after the first turn the cold wait for servers that were not looked at yet. */
export const SETTLING = 10_000;
/** A stuck load gives its device slot back after this, or its load timeout if that is shorter. */
const DEVICE_SLOT_HELD = 60_000;

/** How a server stands at this moment; the words of the contract's `Server.state`, less draining. */
export type Standing = 'connecting' | 'ready' | 'stale' | 'lost' | 'wrong_mode' | 'restricted';

export function standingOf(server: Server, now: Instant): Standing {
  const { contact, mode } = server;
  if (contact.kind === 'lost') return 'lost';
  if (contact.kind === 'down') return now - contact.since >= RECONNECT_GRACE ? 'lost' : 'connecting';
  if (contact.kind === 'connecting') return 'connecting';
  if (mode === 'wrong_mode' || mode === 'restricted') return mode;
  if (contact.kind === 'slow') return 'stale';
  return server.looked ? 'ready' : 'connecting';
}

/** Whether routes to it may be given: looked at over a connection that stands, however slow. */
export const isRoutable = ({ contact, looked }: Server): boolean =>
  looked && (contact.kind === 'up' || contact.kind === 'slow');

/** Whether it takes no orders of ours: Triton loads its models itself there, or restricts its repository protocol. */
export const isLeftAlone = ({ mode }: Server): boolean => mode === 'wrong_mode' || mode === 'restricted';

/** Whether what it holds or could hold was ever learned; a server that refuses us counts. */
export const isSeen = (server: Server): boolean => server.everSeen || isLeftAlone(server);

/** Whether what no server is known to have, or to have room for, is nowhere: there are servers, and all were seen. */
export const isAllSeen = ({ servers }: Readonly<Fleet>): boolean =>
  servers.size > 0 && [...servers.values()].every(isSeen);

/** Whether no server that could have a known model lists it, though all of these were seen. */
export function isListedNowhere({ models, servers }: Readonly<Fleet>, id: ModelId): boolean {
  const model = models.get(id);
  const able = [...servers.values()].filter((server) => model && labelsMatch(server, model));
  return able.length > 0 && able.every((server) => isSeen(server) && !server.repository.has(id));
}

/** Whether loads and unloads may be sent to it. */
export const takesOrders = (server: Server, now: Instant): boolean => standingOf(server, now) === 'ready';

/** When the load that a replica stands for was ordered, where it may still run; null for everything else. */
export function loadBegan(replica: Replica): Instant | null {
  switch (replica.phase) {
    case 'loading':
      return replica.orderedAt;
    case 'unknown':
      return replica.loadOrderedAt;
    case 'ready':
      return replica.change?.order ? replica.change.orderedAt : null;
    default:
      return null;
  }
}

/** Whether it has its place, and the load for that is not ordered yet. */
export const isPromised = (replica: Replica): replica is Placed | Ready =>
  replica.phase === 'placed' || (replica.phase === 'ready' && replica.change?.order === null);

/** Whether a load has outlasted its time: it holds one of Triton's load threads, perhaps for ever. */
export function isOverdue(fleet: Readonly<Fleet>, replica: Replica, now: Instant): boolean {
  const began = loadBegan(replica);
  return began !== null && now - began >= loadTimeoutOf(fleet, replica);
}

/** When a load becomes overdue, and when it gives its device slot back. */
export function loadBounds(
  fleet: Readonly<Fleet>,
  replica: Replica,
): { overdueAt: Instant; slotUntil: Instant } | null {
  const began = loadBegan(replica);
  if (began === null) return null;
  const timeout = loadTimeoutOf(fleet, replica);
  return { overdueAt: began + timeout, slotUntil: began + Math.min(timeout, DEVICE_SLOT_HELD) };
}

const loadTimeoutOf = (fleet: Readonly<Fleet>, { model }: Replica): number =>
  (fleet.models.get(model) ?? fleet.defaults).loadTimeout;

/** Loads under way per server, and of those the overdue ones; a carried step rides on its ensemble's load. */
export function loadsByServer(
  fleet: Readonly<Fleet>,
  now: Instant,
): ReadonlyMap<ServerId, { running: number; overdue: number }> {
  const loads = new Map<ServerId, { running: number; overdue: number }>();
  for (const replica of unsettled(fleet)) {
    if (loadBegan(replica) === null || isCarried(replica)) continue;
    const count = loads.get(replica.server) ?? { running: 0, overdue: 0 };
    count.running += 1;
    if (isOverdue(fleet, replica, now)) count.overdue += 1;
    loads.set(replica.server, count);
  }
  return loads;
}

/**
 * How many loads a server may have under way, so many of them overdue. A load disturbs the requests served beside it:
 * where these take longer than usual one more is begun only when no other runs, beside those that may run for ever.
 */
export function loadsAtMost(
  { limits }: Readonly<Fleet>,
  server: Server | undefined,
  overdue: number,
): number {
  const { loadsPerServer } = limits;
  return server?.slowdown.isSlow ? Math.min(loadsPerServer, 1 + overdue) : loadsPerServer;
}

export const isCarried = (replica: Replica): replica is (Placed | Loading) & { carriedBy: ReplicaId } =>
  (replica.phase === 'placed' || replica.phase === 'loading') && replica.carriedBy !== null;

/** The servers that may be given something new. */
export function openServers(fleet: Readonly<Fleet>, now: Instant): Server[] {
  const loads = loadsByServer(fleet, now);
  const open: Server[] = [];
  for (const server of fleet.servers.values()) {
    if (!takesOrders(server, now) || server.drain !== null || (server.devices?.length ?? 0) === 0) continue;
    if ((loads.get(server.spec.id)?.overdue ?? 0) < fleet.limits.loadsPerServer) open.push(server);
  }
  return open;
}

/**
 * Whether the cold still wait, and nothing is placed yet: in our first seconds a server that was not looked at may
 * hold what is wanted, whatever an earlier life of ours remembers of it. One that is lost holds nothing.
 */
export function isSettling(fleet: Readonly<Fleet>, now: Instant): boolean {
  if (fleet.startedAt === null || now >= fleet.startedAt + SETTLING) return false;
  return [...fleet.servers.values()].some(
    (server) => server.lookedAt === null && ['connecting', 'stale'].includes(standingOf(server, now)),
  );
}
