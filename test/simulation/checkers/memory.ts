import type { AccountId, Bytes, Device, Fleet, Server } from '#core';
import { said } from '../../checkers/memory.js';
import { booksOf, bytesOn } from '../books.js';
import type { Site } from '../site.js';
import { type Check, siteOf } from './scene.js';

/**
 * Nothing holds more than there is, but where another process, or an earlier life, put things Berth could only find.
 * What is there is booked anew when it is declared otherwise, or measured. That may be more than fits then, and is no
 * load's fault.
 */
export const heldWithinCapacity: Check = (scene) => {
  const { fleet, memory, trail, life } = scene;
  if (life > 1) return;
  for (const server of fleet.servers.values()) {
    const site = siteOf(scene, server.spec.id);
    if (!isKnown(server, site)) continue;
    for (const device of server.devices ?? []) {
      const { held, capacity } = memory(device.account);
      const most = mostOn(fleet, device, capacity);
      const isWithin = held <= most || held - grownOn(fleet, site, device.account) <= most;
      trail.expect(isWithin, () => `${said(fleet, device.account)} of ${server.spec.id}`);
    }
  }
};

/** Whether all that is there was put there by us, since its process was seen. */
const isKnown = ({ hidden, looked, lookedAt }: Server, { isMuddled, bornAt }: Site): boolean =>
  !isMuddled && hidden.length === 0 && looked && lookedAt !== null && lookedAt > bornAt;

/**
 * What others take of a GPU may be counted after ours has come: then it takes nothing new, and keeps what it has. So does a
 * device that nothing measures once a load ran out there, whose steps may have come up all the same.
 */
const mostOn = ({ shortfalls }: Fleet, { kind, account, capacity }: Device, left: Bytes): Bytes =>
  kind === 'gpu' ? capacity : left + (shortfalls.get(account)?.bytes ?? 0);

/** How much more is booked on an account than by the books at the decisions since each of its replicas was to be loaded. */
function grownOn({ replicas }: Fleet, { id, decided }: Site, account: AccountId): Bytes {
  let grown = 0;
  for (const replica of replicas.values()) {
    const own = decided.get(replica.model);
    if (replica.server !== id || replica.phase === 'placed' || !own) continue;
    const since = [...decided.values()].filter(({ at, booked }) => at >= own.at && booked.has(replica.model));
    const least = Math.min(...since.map(({ booked }) => bytesOn(booked.get(replica.model)!, account)));
    grown += Math.max(0, bytesOn(replica.bookings, account) - least);
  }
  return grown;
}

/** Keeps the books by which each load was decided: its own, and that of each step it brings. */
export const keepsBooks: Check = (scene) => {
  const { fleet, turn } = scene;
  for (const action of turn.actions) {
    if (action.kind !== 'load') continue;
    const { decided } = siteOf(scene, action.server);
    const books = booksOf(fleet, fleet.servers.get(action.server)!, turn.now);
    for (const model of [action.model, ...action.coLoaded]) decided.set(model, books);
  }
};
