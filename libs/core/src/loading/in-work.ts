import type { Now } from '../numbers/now.js';
import { type Fleet, unsettled, unsettledOn } from '../fleet/fleet.js';
import { directDependencies, familyOf } from '../memory/footprint.js';
import { isConfigKnown, isUnanswered, pendingBeside } from '../memory/pending.js';
import { replicaId, type ServerId } from '../fleet/ids.js';
import { isBeingUnloaded, isSeenAbsent, type Placed, type Replica } from '../fleet/replica.js';
import { isStuck } from '../fleet/standing.js';
import { appendTo } from '../numbers/groups.js';
import { hasEmptied } from '../demand/idle.js';

/**
 * Whether a server may be at work on an order about a replica, ours or another client's. It is so from when the order
 * was sent until it was answered and a look has shown what it was for. What is stuck keeps nothing else waiting.
 */
const isInWork = (fleet: Readonly<Fleet>, replica: Replica, now: Now): boolean =>
  isUnderOrder(replica) && !isStuck(fleet, replica, now);

function isUnderOrder(replica: Replica): boolean {
  switch (replica.phase) {
    case 'loading':
      return true;
    case 'unloading':
      return replica.absentSince === null;
    case 'unknown':
      return !isSeenAbsent(replica);
    default:
      return false;
  }
}

/**
 * What servers are at work on, and so what is not to be ordered there now: a Triton that was sent several orders about models
 * that ensembles tie together, and many unloads at once, has died of it.
 */
export class InWork {
  private readonly servers = new Map<ServerId, Replica[]>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly now: Now,
  ) {
    for (const one of unsettled(fleet)) if (isInWork(fleet, one, now)) this.add(one);
  }

  /** An order about it was sent just now. */
  add(replica: Replica): void {
    appendTo(this.servers, replica.server, replica);
  }

  /** Whether its server is at work on an order of its family. */
  isOnFamily({ id, model, server }: Replica): boolean {
    const others = (this.servers.get(server) ?? []).filter((one) => one.id !== id).map((one) => one.model);
    const { undone } = this.fleet.servers.get(server)!;
    for (const [one, until] of undone) if (one !== model && !this.now.has(until)) others.push(one);
    if (others.length === 0 || this.fleet.composed.size === 0) return false;
    const family = familyOf(this.fleet, model);
    return others.some((one) => family.has(one));
  }

  /** How many unloads a server is at work on. */
  unloadsOn(server: ServerId): number {
    return (this.servers.get(server) ?? []).filter(isBeingUnloaded).length;
  }
}

/** Whether something else than memory, slots and its turn keeps a load from being ordered now: it keeps no slot meanwhile. */
export const isBlocked = (fleet: Fleet, inWork: InWork, replica: Placed, now: Now): boolean =>
  inWork.isOnFamily(replica) || isAfterUnload(fleet, replica, now) || !needsAreMet(fleet, replica);

/** What one load brings up. */
export function unitOf(fleet: Fleet, replica: Placed): readonly Placed[] {
  const { id, server, model } = replica;
  const carried = (fleet.steps.get(model) ?? []).flatMap((step) => {
    const other = fleet.replicas.get(replicaId(step, server));
    return other?.phase === 'placed' && other.coLoadedBy === id ? [other] : [];
  });
  return [replica, ...carried];
}

/** What has an order of its own must be ready before what needs it is loaded. */
const needsAreMet = (fleet: Fleet, { id, model, server }: Placed): boolean =>
  directDependencies(fleet, model).every((needed) => {
    const other = fleet.replicas.get(replicaId(needed, server));
    return other?.phase === 'ready' || (other?.phase === 'placed' && other.coLoadedBy === id);
  });

/** Whether what a load brings up is of any family, since its config is pending. */
export const isOfAnyFamily = (fleet: Fleet, replica: Placed): boolean =>
  unitOf(fleet, replica).some(({ model }) => !isConfigKnown(fleet, model));

/**
 * Two loads of pending configs may be of one family, and nothing would tell whose step a copy is that turns up. Nor does such a
 * load begin beside an unload that may not have reached the server yet.
 */
export const isBesidePending = (fleet: Fleet, replica: Placed, now: Now): boolean =>
  isOfAnyFamily(fleet, replica) &&
  (!now.has(pendingBeside(fleet, replica)) || unsettledOn(fleet, replica.server).some(isUnanswered));

/** What drains since it got its place or longer, and is of its family, is unloaded first: loads would keep it waiting one after the other. */
function isAfterUnload(fleet: Fleet, replica: Placed, now: Now): boolean {
  const isDrained = (one: Replica): boolean =>
    one.phase === 'draining' && one.since <= replica.since && hasEmptied(fleet, one, now);
  const drained = unsettledOn(fleet, replica.server).filter(isDrained);
  if (drained.length === 0) return false;
  const family = familyOf(fleet, replica.model);
  return isOfAnyFamily(fleet, replica) || drained.some(({ model }) => family.has(model));
}
