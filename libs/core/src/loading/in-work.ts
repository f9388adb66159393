import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOn, unsettled } from '../fleet/fleet.js';
import { directDependencies, hasRelatives, relativesOf } from '../memory/footprint.js';
import { replicaId, type ServerId } from '../fleet/ids.js';
import { isBeingUnloaded, type Placed, type Replica } from '../fleet/replica.js';
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
    case 'unknown':
      return replica.absentSince === null;
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

  /** Whether its server is at work on what ensembles tie to it. */
  isOnTied({ id, model, server }: Replica): boolean {
    const at = this.fleet.servers.get(server)!;
    if (!hasRelatives(this.fleet, at)) return false;
    const others = (this.servers.get(server) ?? []).filter((one) => one.id !== id).map((one) => one.model);
    for (const [one, until] of at.undone) if (one !== model && !this.now.has(until)) others.push(one);
    if (others.length === 0) return false;
    const tied = relativesOf(this.fleet, at, model);
    return others.some((one) => tied.has(one));
  }

  /** How many unloads a server is at work on. */
  unloadsOn(server: ServerId): number {
    return (this.servers.get(server) ?? []).filter(isBeingUnloaded).length;
  }
}

/** Whether something else than memory and slots keeps a load from being ordered now: it keeps no slot meanwhile. */
export const isBlocked = (fleet: Fleet, inWork: InWork, replica: Placed, now: Now): boolean =>
  inWork.isOnTied(replica) ||
  isStepLeaving(fleet, unitOf(fleet, replica), now) ||
  isAfterUnload(fleet, replica, now) ||
  !needsAreMet(fleet, replica);

/** What one load brings up. */
export function unitOf(fleet: Fleet, replica: Placed): readonly Placed[] {
  const { id, server, model } = replica;
  const carried = (fleet.steps.get(model) ?? []).flatMap((step) => {
    const other = fleet.replicas.get(replicaId(step, server));
    return other?.phase === 'placed' && other.carriedBy === id ? [other] : [];
  });
  return [replica, ...carried];
}

/** What has an order of its own must be ready before what needs it is loaded. */
const needsAreMet = (fleet: Fleet, { id, model, server }: Placed): boolean =>
  directDependencies(fleet, model).every((needed) => {
    const other = fleet.replicas.get(replicaId(needed, server));
    return other?.phase === 'ready' || (other?.phase === 'placed' && other.carriedBy === id);
  });

/** What makes room and may be a step of what a load brings up goes first: under that load it would have to stay after all. */
function isStepLeaving(fleet: Fleet, unit: readonly Placed[], now: Now): boolean {
  const [first] = unit;
  if (!first) return false;
  const { presumed } = fleet.servers.get(first.server)!;
  if (presumed.size === 0) return false;
  return Array.from(presumed).some(([step, loads]) => {
    const isBrought = unit.some(({ model }) => loads.includes(model));
    const other = isBrought ? fleet.replicas.get(replicaId(step, first.server)) : undefined;
    if (other?.phase !== 'draining' && other?.phase !== 'unloading') return false;
    return !isStuck(fleet, other, now);
  });
}

/** What drains since it got its place or longer, and is tied to it, is unloaded first: loads would keep it waiting one after the other. */
function isAfterUnload(fleet: Fleet, replica: Placed, now: Now): boolean {
  const server = fleet.servers.get(replica.server)!;
  if (!hasRelatives(fleet, server)) return false;
  const drained = replicasOn(fleet, replica.server).filter(
    (one) => one.phase === 'draining' && one.since <= replica.since && hasEmptied(fleet, one, now),
  );
  if (drained.length === 0) return false;
  const tied = relativesOf(fleet, server, replica.model);
  return drained.some(({ model }) => tied.has(model));
}
