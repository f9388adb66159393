import { faded } from '../numbers/fading.js';
import { type Fleet, unsettled } from '../fleet/fleet.js';
import type { ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { SlotUse } from './slot-use-state.js';
import { isCarried, isPromised, loadBegan, loadBounds, loadsAtMost } from '../fleet/standing.js';

/** What was so long ago counts for 1/e. */
export const SLOTS_FADE_OVER: Millis = 20_000;

/** As long as no more of the slots are taken each load is for the taking. */
export const PLENTY = 0.57;

/** Below this share the slots of a server count as unused. */
const UNUSED_BELOW = 0.001;

/** The share of the slots of these servers that was taken in about the last 20 s. */
export function slotsTaken(fleet: Readonly<Fleet>, servers: readonly Server[], now: Instant): number {
  let [taken, slots] = [0, 0];
  for (const server of servers) {
    const most = slotsOf(fleet, server);
    slots += most;
    taken += most * latelyOf(fleet.slotUse.get(server.spec.id), now);
  }
  return slots === 0 ? 0 : taken / slots;
}

/** Whether loads have to wait for each other somewhere, so that each costs another one. */
export function areSlotsScarce({ slotUse }: Readonly<Fleet>, now: Instant): boolean {
  for (const use of slotUse.values()) if (latelyOf(use, now) > PLENTY) return true;
  return false;
}

/**
 * Remembers what is taken from now on, of servers that may be given something new: by loads, and for those that have their places
 * behind them. A load that has given its device slot back, and what waits for leases beside a free slot, take none.
 */
export function noteSlotUse(fleet: Fleet, open: readonly Server[], now: Instant): void {
  const { slotUse, servers, unsettled } = fleet;
  if (unsettled.size + slotUse.size === 0) return;
  const taken = takenOn(fleet, now);
  for (const id of new Set([...slotUse.keys(), ...taken.keys()])) {
    const server = servers.get(id);
    const isOpen = server !== undefined && open.includes(server);
    const share = isOpen ? Math.min(1, (taken.get(id) ?? 0) / slotsOf(fleet, server)) : 0;
    const lately = isOpen ? latelyOf(slotUse.get(id), now) : 0;
    if (share === 0 && lately < UNUSED_BELOW) slotUse.delete(id);
    else slotUse.set(id, { lately, taken: share, at: now });
  }
}

function latelyOf(before: SlotUse | undefined, now: Instant): number {
  if (!before) return 0;
  const { lately, taken, at } = before;
  return taken + faded({ sum: lately - taken, at }, now, SLOTS_FADE_OVER);
}

function takenOn(fleet: Readonly<Fleet>, now: Instant): ReadonlyMap<ServerId, number> {
  const running = new Map<ServerId, number>();
  const promised: Replica[] = [];
  for (const one of unsettled(fleet)) {
    if (isCarried(one)) continue;
    if (isPromised(one)) promised.push(one);
    else if (loadBegan(one) !== null && now < loadBounds(fleet, one)!.slotUntil)
      running.set(one.server, (running.get(one.server) ?? 0) + 1);
  }
  const taken = new Map(running);
  for (const { server } of promised) if (running.has(server)) taken.set(server, (taken.get(server) ?? 0) + 1);
  return taken;
}

const slotsOf = (fleet: Readonly<Fleet>, server: Server): number =>
  Math.min(loadsAtMost(fleet, server, 0), fleet.limits.loadsPerDevice * (server.devices?.length ?? 0));
