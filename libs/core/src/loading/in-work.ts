import { type Fleet, unsettled } from '../fleet/fleet.js';
import { hasRelatives, relativesOf } from '../memory/footprint.js';
import type { ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { isBeingUnloaded, type Replica } from '../fleet/replica.js';
import { isStuck } from '../fleet/stuck.js';
import { appendTo } from '../numbers/groups.js';

/**
 * Whether a server may be at work on an order about a replica, ours or another client's. It is so from when the order
 * was sent until it was answered and a look has shown what it was for. What is stuck keeps nothing else waiting.
 */
const isInWork = (fleet: Readonly<Fleet>, replica: Replica, now: Instant): boolean =>
  isUnderOrder(replica) && !isStuck(fleet, replica, now);

function isUnderOrder(replica: Replica): boolean {
  switch (replica.phase) {
    case 'loading':
      return true;
    case 'ready':
      return replica.change?.order != null;
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
    now: Instant,
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
    const others = (this.servers.get(server) ?? []).filter((one) => one.id !== id);
    if (others.length === 0) return false;
    const tied = relativesOf(this.fleet, at, model);
    return others.some((one) => tied.has(one.model));
  }

  /** How many unloads a server is at work on. */
  unloadsOn(server: ServerId): number {
    return (this.servers.get(server) ?? []).filter(isBeingUnloaded).length;
  }
}
