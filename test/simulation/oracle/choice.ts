import type { Fleet, Instant, Model, Ready, Replica, Server } from '#core';
import { looseness, roomIn, type Way } from './books.js';
import { compareHarm, frees, type Plan } from './planner.js';
import { copiesPresent } from './ways.js';

/** Which of several ways, and of several sets that may leave, is the one to take, and whether it can be taken at once. */

type Rank = readonly number[];

/**
 * A server with a GPU, where some way takes memory of one; a zone with fewer copies, where the model is spread; then
 * where the load begins at once; then what leaves least.
 */
export function rankIn(fleet: Fleet, model: Model, ways: readonly Way[], now: Instant): (way: Way) => Rank {
  const isHarder = ways.some(takesGpu) ? lacksGpu : () => false;
  const { spare } = roomIn(fleet, now);
  return (way) => [
    isHarder(way) ? 1 : 0,
    likenessOf(fleet, model, way.server, now),
    mayBegin(fleet, way, now) ? 0 : 1,
    looseness(fleet, way.server, way.needs, spare),
  ];
}

/** The first of these by that rank. */
export function firstOf(
  fleet: Fleet,
  model: Model,
  ways: readonly Way[],
  free: readonly Way[],
  now: Instant,
): Way {
  const rankOf = rankIn(fleet, model, ways, now);
  return free.toSorted((one, other) => compareRanks(rankOf(one), rankOf(other)))[0]!;
}

/** Whether a way takes memory of some GPU, and whether there is none where it leads. */
const takesGpu = ({ server, needs }: Way): boolean =>
  (server.devices ?? []).some(({ kind, account }) => kind === 'gpu' && (needs.get(account) ?? 0) > 0);
const lacksGpu = ({ server }: Way): boolean => (server.devices ?? []).every(({ kind }) => kind !== 'gpu');

/** How many copies a model that is to be spread has in the zone of a server; all of them where it is in none. */
function likenessOf(fleet: Fleet, { id, spread }: Model, server: Server, now: Instant): number {
  if (spread === null) return 0;
  const zone = server.spec.labels[spread];
  if (zone === undefined) return Infinity;
  const alike = [...fleet.replicas].filter(
    ([, one]) => fleet.servers.get(one.server)!.spec.labels[spread] === zone,
  );
  return copiesPresent({ ...fleet, replicas: new Map(alike) }, id, now);
}

export function compareRanks(one: Rank, other: Rank): number {
  const index = one.findIndex((value, position) => value !== other[position]);
  return index < 0 ? 0 : one[index]! - other[index]!;
}

/** Of the sets of which none is in use that whose most valuable member is worth least; then the smaller one. */
export const bestOf = (fleet: Fleet, plans: readonly Plan[], now: Instant): Plan | undefined =>
  plans
    .filter(({ way, leaving }) => areIdle(leaving, now) && hasSlot(fleet, way, now))
    .toSorted((one, other) => compareAcross(one, other) || compareHarm(one.harm, other.harm))[0];

export const compareAcross = (one: Plan, other: Plan): number =>
  one.harm[0]! - other.harm[0]! || one.leaving.size - other.leaving.size;

/** Of two that take the same most valuable one along, and as many, the one that holds less goes. */
export const isSmaller = (one: Plan, other: Plan): boolean =>
  compareAcross(one, other) === 0 && bytesOf(one) < bytesOf(other);

const bytesOf = ({ leaving }: Plan): number =>
  [...leaving].flatMap(({ bookings }) => bookings).reduce((sum, { bytes }) => sum + bytes, 0);

export const areIdle = (leaving: ReadonlySet<Ready>, now: Instant): boolean =>
  [...leaving].every(({ inUseUntil }) => inUseUntil <= now);

/** Whether a load begins there as soon as these have left: all other memory is free today, and a slot also if others come first. */
export const isNow = (
  fleet: Fleet,
  way: Way,
  now: Instant,
  leaving: ReadonlySet<Ready> = new Set(),
): boolean => hasSlot(fleet, way, now, 'placed') && frees(leaving, way, roomIn(fleet, now).free);

/** Whether a load may begin there at once: which of it and those that have their place goes first is not known here. */
const mayBegin = (fleet: Fleet, way: Way, now: Instant): boolean =>
  hasSlot(fleet, way, now) && isFree(fleet, way, now);

/** Whether a load waits there for a slot and for nothing else: then it has no place yet. */
export const lacksSlotAlone = (fleet: Fleet, way: Way, now: Instant): boolean =>
  !hasSlot(fleet, way, now) && isFree(fleet, way, now);

const isFree = (fleet: Fleet, way: Way, now: Instant): boolean =>
  frees(new Set(), way, roomIn(fleet, now).free);

/** A load that lasts longer leaves the slots of its devices to others, but not that of its server. */
const DEVICE_SLOT_HELD = 60_000;

/** Whether the loads that run, and if so wanted those `placed`, leave a slot on the server and on each of the devices. */
function hasSlot(
  { replicas, limits }: Fleet,
  { server, devices }: Way,
  now: Instant,
  beside?: 'placed',
): boolean {
  const loads = [...replicas.values()]
    .filter((one) => one.server === server.spec.id)
    .flatMap(loadOf)
    .filter(({ since }) => beside || since !== null);
  const on = (device: number): number =>
    loads.filter((one) => now < (one.since ?? now) + DEVICE_SLOT_HELD && one.devices.includes(device)).length;
  return loads.length < limits.loadsPerServer && devices.every((one) => on(one) < limits.loadsPerDevice);
}

/** The load that a replica stands for: since when it runs, null where it has only its place, and onto which devices. */
function loadOf(one: Replica): { since: Instant | null; devices: readonly number[] }[] {
  if ((one.phase !== 'loading' && one.phase !== 'placed') || one.coLoadedBy !== null) return [];
  return [{ since: one.phase === 'loading' ? one.orderedAt : null, devices: one.devices }];
}
