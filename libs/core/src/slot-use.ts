import { type Fleet, unsettled } from './fleet.js';
import type { ServerId } from './ids.js';
import type { Instant, Millis } from './model.js';
import type { Server } from './server.js';
import { isCarried, isPromised, loadBegan, loadsAtMost } from './standing.js';

/** The share of all load slots that are taken, from 0 to 1. */
export interface SlotUse {
  /** The mean over the last seconds before `at`, of which older ones count for less. */
  readonly lately: number;
  /** From `at` on. */
  readonly taken: number;
  readonly at: Instant;
}

export const NO_SLOT_USE: SlotUse = { lately: 0, taken: 0, at: 0 };

/** What was so long ago counts for 1/e. */
export const SLOTS_FADE_OVER: Millis = 20_000;

/** The share of slots that was taken in about the last 20 s. */
export function slotsTakenLately({ slotUse: { lately, taken, at } }: Readonly<Fleet>, now: Instant): number {
  return taken + (lately - taken) * Math.exp(-Math.max(0, now - at) / SLOTS_FADE_OVER);
}

/** As long as no more of the slots are taken each load is for the taking. */
export const PLENTY = 0.6;

/** Whether loads have to wait for each other, so that each costs another one. */
export const areSlotsScarce = (fleet: Readonly<Fleet>, now: Instant): boolean =>
  slotsTakenLately(fleet, now) > PLENTY;

/** Remembers what is taken from now on: of slots of servers that may be given something new, by loads and for those to come. */
export function noteSlotUse(fleet: Fleet, open: readonly Server[], now: Instant): void {
  const before = fleet.slotUse;
  if (fleet.unsettled.size === 0 && before.lately === 0 && before.taken === 0) return;
  fleet.slotUse = { lately: slotsTakenLately(fleet, now), taken: takenShare(fleet, open), at: now };
}

/** Only the few servers that have loads are looked for, since this is asked after every turn. */
function takenShare(fleet: Readonly<Fleet>, open: readonly Server[]): number {
  const loads = loadsByServer(fleet);
  if (loads.size === 0) return 0;
  let taken = 0;
  for (const [id, count] of loads) {
    const server = fleet.servers.get(id);
    if (server && open.includes(server)) taken += Math.min(slotsOf(fleet, server), count);
  }
  return taken === 0 ? 0 : taken / slotsOfAll(fleet, open);
}

function slotsOfAll(fleet: Readonly<Fleet>, open: readonly Server[]): number {
  let slots = 0;
  for (const server of open) slots += slotsOf(fleet, server);
  return slots;
}

function loadsByServer(fleet: Readonly<Fleet>): ReadonlyMap<ServerId, number> {
  const loads = new Map<ServerId, number>();
  for (const one of unsettled(fleet)) {
    if (isCarried(one) || !(isPromised(one) || loadBegan(one) !== null)) continue;
    loads.set(one.server, (loads.get(one.server) ?? 0) + 1);
  }
  return loads;
}

const slotsOf = (fleet: Readonly<Fleet>, server: Server): number =>
  Math.min(loadsAtMost(fleet, server, 0), fleet.limits.loadsPerDevice * (server.devices?.length ?? 0));
