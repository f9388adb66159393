import {
  type Fleet,
  hostAccount,
  type Instant,
  type Model,
  type Ready,
  type Replica,
  type Server,
} from '#core';
import {
  type Amounts,
  at,
  capacitiesOf,
  devicesFor,
  isWithin,
  leaningOn,
  needsOf,
  roomIn,
  take,
  type Way,
} from './books.js';
import {
  keepsPins,
  isUntold,
  mayBeAsked,
  mayEverLeave,
  mayLeaveInTime,
  mayLeaveTogether,
  type Newcomer,
  rankOf,
  staysForEver,
} from './leave.js';
import { copiesPresent, costOf, isGoing, isUp, isWelcome, waysTo } from './ways.js';

/** More than any use of anything is worth; what cannot be used elsewhere is worth more than what can. */
const SINGLE = 1e9;
const CLASS = 1e12;

/**
 * The slow planner. It tries every set of replicas for every way, and shares nothing with the core but the data.
 *
 * A set *suffices* for a way where all of its members may leave together (`leave.ts`) and the way fits once they have.
 * It is *smallest* where no proper part of it suffices. Of those that suffice the *best* is that whose most valuable
 * member is worth least; then, between ways, the one with fewer members; and on one way the one that spares the most
 * valuable member that can be spared, then the next, and so on down. A replica that goes takes along what needs it there.
 * The highest class among them counts first; then whether one of their models is cold without them; then the latest use.
 */
export interface Plan {
  readonly way: Way;
  readonly leaving: ReadonlySet<Ready>;
  /** What each of them is worth, the most valuable first. */
  readonly harm: readonly number[];
}

/** The ways that fit into memory for which no replica has to leave. */
export const waysFree = (fleet: Fleet, ways: readonly Way[], now: Instant): Way[] =>
  ways.filter(({ needs }) => isWithin(needs, roomIn(fleet, now).spare));

/**
 * Whether loads of the last minute made others leave a device of a way so often that no more may. A pin and a starving
 * request always may.
 */
export function isSpent(
  { evictions, limits }: Fleet,
  { server, devices }: Way,
  { isPinned, isStarving }: Newcomer,
  now: Instant,
): boolean {
  if (isStarving || isPinned) return false;
  const given = (server.devices ?? []).filter(({ ordinal }) => devices.includes(ordinal));
  const accounts = given.length > 0 ? given.map(({ account }) => account) : [hostAccount(server.spec.host)];
  const counts = accounts.map((one) => (evictions.get(one) ?? []).filter((at) => now < at + 60_000).length);
  return counts.some((count) => count >= limits.loadsPerDevicePerMinute);
}

/** Every plan that works for a way. */
export function plansFor(fleet: Fleet, way: Way, newcomer: Newcomer, now: Instant): Plan[] {
  const askable = [...fleet.replicas.values()].filter((one): one is Ready =>
    mayBeAsked(fleet, one, newcomer, now),
  );
  const { spare } = roomIn(fleet, now);
  return subsetsOf(askable)
    .filter((leaving) => frees(leaving, way, spare))
    .filter((leaving) => mayLeaveTogether(fleet, leaving, way, newcomer.model.id))
    .map((leaving) => ({ way, leaving, harm: harmOf(fleet, leaving, newcomer, now) }));
}

export function frees(leaving: ReadonlySet<Replica>, { needs }: Way, spare: Amounts): boolean {
  const room = new Map(spare);
  for (const { bookings } of leaving) take(room, bookings, -1);
  return isWithin(needs, room);
}

function subsetsOf<Item>(items: readonly Item[]): Set<Item>[] {
  return Array.from(
    { length: 2 ** items.length },
    (_, mask) => new Set(items.filter((_item, index) => (mask >> index) & 1)),
  );
}

export const harmOf = (
  fleet: Fleet,
  leaving: ReadonlySet<Ready>,
  newcomer: Newcomer,
  now: Instant,
): readonly number[] =>
  Array.from(leaving, (one) => {
    const going = [one, ...leaningOn(fleet, one)].filter((other): other is Ready => other.phase === 'ready');
    const isMissed = going.some((other) => !isWarmWithout(fleet, other, newcomer, now));
    const uses = going.map(({ lastUse }) => lastUse);
    const ranks = going.map((other) => rankOf(fleet, other));
    return CLASS * Math.max(...ranks) + (isMissed ? SINGLE : 0) + Math.max(...uses);
  }).toSorted((a, b) => b - a);

/**
 * Whether others serve the model where it does not leave: on another host, or since they may not be asked to leave. Of
 * copies on one host that may all leave, the one used last is the one that would be missed.
 */
function isWarmWithout(fleet: Fleet, replica: Ready, newcomer: Newcomer, now: Instant): boolean {
  const hostOf = ({ server }: Ready): string => fleet.servers.get(server)!.spec.host;
  return [...fleet.replicas.values()].some((other) => {
    if (other.model !== replica.model || other === replica || !serves(fleet, other)) return false;
    const isLater =
      other.lastUse > replica.lastUse || (other.lastUse === replica.lastUse && other.id > replica.id);
    const mayGo = mayBeAsked(fleet, other, newcomer, now) && keepsPins(fleet, other, new Set([other]));
    return hostOf(other) !== hostOf(replica) || isLater || !mayGo;
  });
}

/** Whether it is ready to stay, and does not only fail. */
function serves(fleet: Fleet, replica: Replica): replica is Ready {
  const server = fleet.servers.get(replica.server)!;
  if (replica.phase !== 'ready' || !isUp(server) || server.drain) return false;
  return (replica.pulse?.failures ?? 0) < 3;
}

/** Which of two plans for one way does more harm: above 0 where it is the first. */
export function compareHarm(one: readonly number[], other: readonly number[]): number {
  for (const [index, worth] of one.entries()) {
    const against = other[index] ?? -Infinity;
    if (worth !== against) return worth - against;
  }
  return one.length - other.length;
}

/**
 * Whether a model could come to a server if all that may ever leave had left: where it could nowhere it is
 * `infeasible`. What it needs and finds there may stay where it is, or leave and come again with it.
 */
export function couldFit(fleet: Fleet, server: Server, model: Model): boolean {
  if (!isWelcome(server, model) || !isListed(fleet, server, model)) return false;
  if (at(fleet, model.id, server)) return true;
  const fixed = staysForEver(fleet);
  const needed = [...needsOf(fleet, model.id)];
  const found = needed.map((id) => at(fleet, id, server)).filter((one) => one !== undefined);
  const able = found.filter((one) => !fixed.has(one) && !isGoing(one));
  return subsetsOf(able).some((others) => {
    const staying = new Set([...fixed, ...others]);
    const room = capacitiesOf(fleet);
    for (const { bookings } of staying) take(room, bookings);
    const missing = needed.filter((id) => !staying.has(at(fleet, id, server)!));
    return devicesFor(server, model).some((devices) =>
      isWithin(costOf(fleet, server, model, devices, missing), room),
    );
  });
}

/** Whether a model and all that it needs and that is not there can be loaded there, as far as files go. */
export function isListed(fleet: Fleet, server: Server, { id }: Model): boolean {
  const absent = [...needsOf(fleet, id)].filter((one) => !at(fleet, one, server));
  if (absent.some((one) => !fleet.models.get(one)!.enabled)) return false;
  const hasDevices = absent.every((one) => devicesFor(server, fleet.models.get(one)!).length > 0);
  return hasDevices && [id, ...absent].every((one) => server.repository.has(one));
}

/**
 * Whether a way could be free some time, `able` being the servers that a model could ever come to; undefined where that
 * cannot be told: where it takes what is not ready to leave, or what may leave only one by one, where a copy of the model
 * or of what it needs is not at rest, or where there is no way just now.
 */
export function opensEver(
  fleet: Fleet,
  { model }: Newcomer,
  now: Instant,
  able: readonly Server[],
): boolean | undefined {
  const ways = waysTo(fleet, model, false);
  const { spare } = roomIn(fleet, now);
  const all = [...fleet.replicas.values()];
  const going = all.filter(({ phase }) => phase === 'draining' || phase === 'unloading');
  const isFreedBy = (some: readonly Replica[], mayLeave: typeof mayLeaveTogether): boolean =>
    ways.some((way) =>
      subsetsOf(some).some(
        (leaving) =>
          frees(leaving, way, spare) && mayLeave(fleet, new Set([...leaving, ...going]), way, model.id),
      ),
    );
  const gone = all.filter((one) => mayEverLeave(fleet, one));
  const told = gone.filter((one) => !isUntold(fleet, one));
  if (isFreedBy(told, mayLeaveTogether)) return true;
  const isShut = able.some((server) => !ways.some((way) => way.server === server));
  const concerned = new Set([model.id, ...needsOf(fleet, model.id)]);
  const isComing = all.some((one) => concerned.has(one.model) && one.phase !== 'ready');
  return isShut || isComing || isFreedBy(gone, mayLeaveInTime) ? undefined : false;
}

/** Whether a server without a copy could ever have one: then no copy is loaded anew with one more. */
export function isLeftElsewhere(before: Fleet, model: Model, now: Instant): boolean {
  const copiesOn = (id: Server['spec']['id']): number => {
    const there = [...before.replicas].filter(([, { server }]) => server === id);
    return copiesPresent({ ...before, replicas: new Map(there) }, model.id, now);
  };
  return [...before.servers.values()].some(
    (server) => !server.drain && copiesOn(server.spec.id) === 0 && couldFit(before, server, model),
  );
}
