import type { Now } from '../numbers/now.js';
import { type Fleet, forget, put, replicasOf, unsettled } from '../fleet/fleet.js';
import { dependentsOf } from '../memory/footprint.js';
import { becomeReady } from '../fleet/transitions.js';
import { isGuaranteed, isPinProtected } from '../memory/pins.js';
import type { Draining, Ready, Residence } from '../fleet/replica.js';
import { copiesByDemand } from '../learned/utilisation.js';
import { takesOrders } from '../fleet/standing.js';
import { retirement } from './retire.js';
import { presentCopies } from '../demand/wants.js';

/**
 * Gives routes again to what drains and must stay after all. Something that stays needs it, it was pinned meanwhile, or
 * it was idle and is now to be kept warm. Nothing was sent yet, so nothing is lost; the model that was to have its
 * memory is placed anew. What comes back brings back all that it needs, whichever of them began to drain first. Says
 * whether anything did: that is asked before any request is granted or refused, and again where something goes.
 */
export function cancelDrains(fleet: Fleet, now: Now): boolean {
  let any = false;
  while (anyTakenBack(fleet, now)) any = true;
  return any;
}

function anyTakenBack(fleet: Fleet, now: Now): boolean {
  let any = false;
  for (const replica of unsettled(fleet)) {
    if (replica.phase !== 'draining' || isLeavingUnseen(fleet, replica, now)) continue;
    const ready = asBefore(replica, now);
    if (!mustStay(fleet, replica, ready, now) || retirement(fleet, ready, now)) continue;
    put(fleet, ready);
    dropNewcomer(fleet, replica);
    any = true;
  }
  return any;
}

/** Where a server takes no orders just now, nothing is retired there: what it drains for holds on. */
function isLeavingUnseen({ servers }: Fleet, replica: Draining, now: Now): boolean {
  const server = servers.get(replica.server)!;
  return server.drain !== null && !takesOrders(server, now);
}

const asBefore = (replica: Draining, now: Now): Ready => {
  const { inUseUntil, pulse, versions } = replica;
  return becomeReady(replica, versions, now, { inUseUntil, pulse });
};

/**
 * Gives routes again to what drains for a place that is not wanted any more, where nothing else makes it go. That is
 * where its model would be cold without it, or have fewer copies than demand makes. What it needs is taken back with
 * it.
 */
export function keepFrom(fleet: Fleet, { model: newcomer, server }: Residence, now: Now): void {
  for (const replica of unsettled(fleet)) {
    if (replica.phase !== 'draining' || replica.server !== server) continue;
    if (replica.cause !== 'evicted' || replica.makesRoomFor !== newcomer) continue;
    const ready = asBefore(replica, now);
    const isMissed = presentCopies(fleet, replica.model, now) === 0 || isWantedByDemand(fleet, replica, now);
    if (isMissed && !retirement(fleet, ready, now)) put(fleet, ready);
  }
}

const mustStay = (fleet: Fleet, replica: Draining, ready: Ready, now: Now): boolean =>
  isPinProtected(fleet, ready) ||
  (replica.cause === 'idle' && (isGuaranteed(fleet, ready) || isWantedByDemand(fleet, replica, now))) ||
  dependentsOf(fleet, replica).some(({ phase }) => phase !== 'draining' && phase !== 'unloading');

/** Whether demand makes more copies than are left. */
const isWantedByDemand = (fleet: Fleet, { model }: Draining, now: Now): boolean =>
  copiesByDemand(fleet, model) > presentCopies(fleet, model, now);

function dropNewcomer(fleet: Fleet, { makesRoomFor, server }: Draining): void {
  if (makesRoomFor === null) return;
  for (const newcomer of replicasOf(fleet, makesRoomFor)) {
    if (newcomer.phase === 'placed' && newcomer.server === server) forget(fleet, newcomer);
  }
}
