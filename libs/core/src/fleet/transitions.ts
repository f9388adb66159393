import type { Now } from '../numbers/now.js';
import { type Fleet, put } from './fleet.js';
import type { ModelId } from './ids.js';
import {
  type Draining,
  type Loading,
  type Placed,
  type Ready,
  type Residence,
  type Unknown,
  type UnloadCause,
  type Unloading,
  UNSEEN,
} from './replica.js';

// All changes of the phase of a replica: no other file builds one. Keys come in one order each: see `withKeysInOrder`.

/** What a replica keeps in whatever phase it enters. */
type Where = Omit<Residence, 'since'>;

const whereIs = ({ id, model, server, devices, bookings, stranger }: Where): Where => ({
  id,
  model,
  server,
  devices,
  bookings,
  stranger,
});

/** It gets a place, or waits there again for its load, which was never sent. */
export const becomePlaced = (
  where: Where,
  { coLoadedBy, cause }: Pick<Placed, 'coLoadedBy' | 'cause'>,
  now: Now,
): Placed => ({ phase: 'placed', since: now.stamp, coLoadedBy, cause, ...whereIs(where) });

/** Its load is ordered. */
export const becomeLoading = (
  replica: Placed,
  { order, deadline }: Pick<Loading, 'order' | 'deadline'>,
  now: Now,
): Loading => {
  const { coLoadedBy, cause } = replica;
  const sent = { order, orderedAt: now.stamp, deadline };
  return { phase: 'loading', since: now.stamp, ...sent, coLoadedBy, cause, ...whereIs(replica) };
};

/** It serves. */
export const becomeReady = (
  where: Where,
  versions: readonly string[],
  now: Now,
  known: Partial<Pick<Ready, 'inUseUntil' | 'pulse' | 'outlived'>> = {},
): Ready => {
  const uses = { lastUse: now.stamp, inUseUntil: now.stamp, pulse: null, outlived: false, ...known };
  return { phase: 'ready', since: now.stamp, versions, ...uses, ...whereIs(where) };
};

/** Withdraws the route of a copy, which is unloaded once its leases have ended. */
export function drain(
  fleet: Fleet,
  replica: Ready,
  cause: UnloadCause,
  makesRoomFor: ModelId | null,
  now: Now,
): void {
  const { versions, inUseUntil, pulse } = replica;
  const left = { cause, makesRoomFor, withdrawnIn: fleet.routesRevision + 1, isForced: false };
  const kept = { versions, inUseUntil, pulse };
  put(fleet, { phase: 'draining', since: now.stamp, ...left, ...kept, ...whereIs(replica) });
}

/** Its unload was never sent. Leases were over, or not waited for, and no watcher gives new ones. */
export function drainAgain(fleet: Fleet, replica: Unloading, now: Now): void {
  const { cause, makesRoomFor } = replica;
  const left = { cause, makesRoomFor, withdrawnIn: fleet.routesRevision, isForced: true };
  const kept = { versions: [], inUseUntil: now.stamp, pulse: null };
  put(fleet, { phase: 'draining', since: now.stamp, ...left, ...kept, ...whereIs(replica) });
}

/** Its unload is ordered. */
export const becomeUnloading = (
  replica: Draining,
  { order, emptiedAt }: Pick<Unloading, 'order' | 'emptiedAt'>,
  now: Now,
): Unloading => {
  const { cause, makesRoomFor } = replica;
  const sent = { order, orderedAt: now.stamp, emptiedAt, answeredAt: null, absentSince: null };
  return { phase: 'unloading', since: now.stamp, ...sent, cause, makesRoomFor, ...whereIs(replica) };
};

/** An order left it unknown, or a look found it on its way. */
export const becomeUnknown = (
  where: Where,
  after: Unknown['after'],
  now: Now,
  known: Partial<Pick<Unknown, 'sent' | 'sight' | 'cause' | 'makesRoomFor'>> = {},
): Unknown => {
  const left = { sent: null, sight: UNSEEN, cause: null, makesRoomFor: null, ...known };
  return { phase: 'unknown', since: now.stamp, after, ...left, ...whereIs(where) };
};
