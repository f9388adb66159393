import type { Now } from '../numbers/now.js';
import { type Fleet, unsettled, unsettledOn } from './fleet.js';
import type { Loading, Placed, Replica, Unknown } from './replica.js';
import { settingsOf } from './idle-rule.js';
import { labelsMatch, type Server } from './server.js';
import type { ModelId, ReplicaId, ServerId } from './ids.js';
import type { Instant } from './model.js';
import { madeOnce } from '../numbers/groups.js';

/** How long a connection may be down before its server counts as lost. */
const RECONNECT_GRACE = 2_000;
/** For how long after the first turn cold requests wait for servers that were not looked at yet. */
export const SETTLING = 10_000;
/** A process is young for so long after it was connected to. */
const YOUNG = 10_000;
/** A load holds its device slot for so long at most, or for its timeout if that is shorter. */
const DEVICE_SLOT_HELD = 60_000;

/** The state of a server, in the words of the contract's `Server.state`, drains aside. */
export type Standing = 'connecting' | 'ready' | 'stale' | 'lost' | 'wrong_mode' | 'restricted';

export function standingOf(server: Server, now: Now): Standing {
  const { contact, mode } = server;
  if (contact.kind === 'lost') return 'lost';
  if (contact.kind === 'down') return now.has(contact.since + RECONNECT_GRACE) ? 'lost' : 'connecting';
  if (contact.kind === 'connecting') return 'connecting';
  if (mode === 'wrong_mode' || mode === 'restricted') return mode;
  if (contact.kind === 'slow') return 'stale';
  return server.looked ? 'ready' : 'connecting';
}

/** Whether routes to it may be given: it was looked at over its present connection, however slow. */
export const isRoutable = ({ contact, looked }: Server): boolean =>
  looked && (contact.kind === 'up' || contact.kind === 'slow');

/** Whether no metrics have told what memory its present process has, where that was not declared. */
export const isUnsized = ({ spec, found, incarnation }: Server): boolean =>
  spec.devices === null && found?.incarnation !== incarnation;

/** Whether the metrics may still come: those of a Triton that has just started are refused, and then tell 0 for a second. */
export const isJustBorn = (server: Server, lookedAt = server.lookedAt ?? -Infinity): boolean =>
  isUnsized(server) && lookedAt < server.looksCountFrom + YOUNG;

/** Whether it takes no orders: Triton loads its models itself there, or restricts its repository protocol. */
export const isLeftAlone = ({ mode }: Server): boolean => mode === 'wrong_mode' || mode === 'restricted';

/** Whether it was ever looked at; a server that takes no orders counts as seen. */
export const isSeen = (server: Server): boolean => server.everSeen || isLeftAlone(server);

/** Whether there are servers and all were seen: then a model that none is known to have is nowhere. */
export const isAllSeen = ({ servers, serversAwaited }: Readonly<Fleet>): boolean =>
  !serversAwaited && servers.size > 0 && [...servers.values()].every(isSeen);

/** Whether all servers with the labels of a known model were seen, and none lists it. */
export function isListedNowhere(fleet: Readonly<Fleet>, id: ModelId): boolean {
  const { models, servers, serversAwaited } = fleet;
  if (serversAwaited) return false;
  const model = models.get(id);
  const able = [...servers.values()].filter((server) => model && labelsMatch(server, model));
  return able.length > 0 && able.every((server) => isSeen(server) && !server.repository.has(id));
}

/** Whether loads and unloads may be sent to it: it is ready, and no look is awaited that has to come before. */
export const takesOrders = (server: Server, now: Now): boolean =>
  standingOf(server, now) === 'ready' && !lacksLook(server);

/**
 * Whether a look has to come before orders: the second one of a term, or one that finds out the mode, which none does that is
 * taken while orders are held.
 */
const lacksLook = ({ secondLookFrom, mode }: Server): boolean => secondLookFrom !== null || mode === null;

/** Whether it will take loads once it was looked at again. */
export const isAboutToTakeLoads = (server: Server, now: Now): boolean =>
  standingOf(server, now) === 'ready' && (lacksLook(server) || isJustBorn(server));

/** Whether the statistics of a server were read at `since` or later; asks for a reading where they were not. */
export function isUseRead(server: Server, since: Instant): boolean {
  const isRead = (server.statisticsAt ?? -Infinity) >= since;
  if (!isRead) server.statisticsWanted = Math.max(server.statisticsWanted ?? 0, since);
  return isRead;
}

/** Whether no load and no unload is ordered anywhere: the fleet is frozen, or this process may not act at present. */
export const areOrdersStopped = ({ frozen, held }: Readonly<Fleet>): boolean => frozen !== null || held;

/** Whether no load is ordered anywhere, and so nothing gets a place. */
export const areLoadsStopped = (fleet: Readonly<Fleet>): boolean =>
  areOrdersStopped(fleet) || fleet.loadsHeld;

/** When the load of a replica that may still run was ordered; null where none may run. */
export function loadBegan(replica: Replica): Instant | null {
  switch (replica.phase) {
    case 'loading':
      return replica.orderedAt;
    case 'unknown':
      return unknownLoadBegan(replica);
    default:
      return null;
  }
}

/** Ours may run until a look shows its copy leave; another client's as long as it is seen to come. */
const unknownLoadBegan = ({ after, sent, sight }: Unknown): Instant | null =>
  after === 'load' && sight.shows !== 'leaving'
    ? sent!.orderedAt
    : sight.shows === 'coming'
      ? sight.since
      : null;

/** Whether a load has outlasted its timeout: it holds one of Triton's load threads, perhaps for ever. */
export const isOverdue = (fleet: Readonly<Fleet>, replica: Replica, now: Now): boolean =>
  now.has(loadBounds(fleet, replica)?.overdueAt ?? null);

/** When a load becomes overdue, and when it gives its device slot back; null where none may run. */
export function loadBounds(
  fleet: Readonly<Fleet>,
  replica: Replica,
): { overdueAt: Instant; slotUntil: Instant } | null {
  const began = loadBegan(replica);
  if (began === null) return null;
  const { loadTimeout } = settingsOf(fleet, replica);
  return { overdueAt: began + loadTimeout, slotUntil: began + Math.min(loadTimeout, DEVICE_SLOT_HELD) };
}

/** How many loads each server has under way, and how many of them are overdue. A step is part of its ensemble's load. */
export function loadsByServer(
  fleet: Readonly<Fleet>,
  now: Now,
): ReadonlyMap<ServerId, { running: number; overdue: number }> {
  const loads = new Map<ServerId, { running: number; overdue: number }>();
  for (const replica of unsettled(fleet)) {
    if (loadBegan(replica) === null || isCoLoaded(replica)) continue;
    const count = madeOnce(loads, replica.server, () => ({ running: 0, overdue: 0 }));
    count.running += 1;
    if (isOverdue(fleet, replica, now)) count.overdue += 1;
  }
  return loads;
}

export const isCoLoaded = (replica: Replica): replica is (Placed | Loading) & { coLoadedBy: ReplicaId } =>
  (replica.phase === 'placed' || replica.phase === 'loading') && replica.coLoadedBy !== null;

/** At a server that has an ensemble: a Triton was seen to die of eight orders at once while an ensemble was to be read anew. */
const BESIDE_ENSEMBLES = 2;

/** How many loads may be in work at a server at once, and how many unloads beside them. */
export const ordersAtOnce = ({ limits }: Readonly<Fleet>, { hasEnsemble }: Server): number =>
  hasEnsemble ? Math.min(BESIDE_ENSEMBLES, limits.loadsPerServer) : limits.loadsPerServer;

/** The servers on which a new copy may be placed. */
export function openServers(fleet: Readonly<Fleet>, now: Now): Server[] {
  const loads = loadsByServer(fleet, now);
  return [...fleet.servers.values()].filter(
    (server) =>
      takesCopies(server, now) && (loads.get(server.spec.id)?.overdue ?? 0) < ordersAtOnce(fleet, server),
  );
}

/** Overdue loads aside. Of a new process the metrics have to tell first what it has. */
const takesCopies = (server: Server, now: Now): boolean =>
  takesOrders(server, now) &&
  !isJustBorn(server) &&
  server.drain === null &&
  (server.devices?.length ?? 0) > 0;

/** Whether a copy may be placed there once an overdue load has ended, and one may still end. */
export const isHeldUp = (fleet: Readonly<Fleet>, server: Server, now: Now): boolean =>
  takesCopies(server, now) &&
  unsettledOn(fleet, server.spec.id).some((one) => isOverdue(fleet, one, now) && !isStuck(fleet, one, now));

/**
 * Whether cold requests still wait, and nothing is placed: in the first seconds a server that was not looked at may hold
 * what is wanted, whatever is remembered of it, and so may one that is not declared yet. A lost server holds nothing.
 */
export function isSettling(fleet: Readonly<Fleet>, now: Now): boolean {
  if (fleet.startedAt === null || now.has(fleet.startedAt + SETTLING)) return false;
  if (fleet.serversAwaited) return true;
  return [...fleet.servers.values()].some((server) => isLookAwaited(server, now));
}

/** Whether it lacks a look that is likely to come. */
function isLookAwaited(server: Server, now: Now): boolean {
  const standing = standingOf(server, now);
  if (server.lookedAt === null) return standing === 'connecting' || standing === 'stale';
  return standing === 'ready' && lacksLook(server);
}

/**
 * When an order counts as stuck: `stuckAfterSeconds` past a load's timeout, or past Triton's answer to an unload. From
 * then on its bytes stay booked, but other work does not wait for it. Null for a replica that is under no order.
 */
export function stuckAt(fleet: Readonly<Fleet>, replica: Replica): Instant | null {
  const { stuckAfter } = fleet.limits;
  const load = loadBounds(fleet, replica);
  if (load) return load.overdueAt + stuckAfter;
  if (replica.phase === 'unloading') return (replica.answeredAt ?? replica.orderedAt) + stuckAfter;
  return replica.phase === 'unknown' ? replica.since + stuckAfter : null;
}

export const isStuck = (fleet: Readonly<Fleet>, replica: Replica, now: Now): boolean =>
  now.has(stuckAt(fleet, replica));

/** Whether an order for it is under way, and not stuck. */
export const hasOpenOrder = (fleet: Readonly<Fleet>, replica: Replica, now: Now): boolean =>
  !now.has(stuckAt(fleet, replica) ?? -Infinity);
