import { Now } from '#core';
import {
  type AccountId,
  type Class,
  type Fleet,
  type Instant,
  isComingBack,
  loadForecast,
  memoryOf,
  type Model,
  type ModelId,
  type Replica,
  replicaFlags,
} from '#core';
import { pictureOf } from './in-short.js';
import { evictedIn, isLeaving, type TurnCheck, type TurnScene } from './scene.js';

/** What a load takes was free when it was ordered, without exception. */
export const loadsFit: TurnCheck = (scene) => {
  const { fleet, turn, trail, memory } = scene;
  const loads = turn.actions.filter((action) => action.kind === 'load');
  for (const { replica: id, model, server } of loads) {
    const replica = fleet.replicas.get(id);
    const accounts = replica ? accountsOf(replica) : [];
    const over = accounts.filter((account) => memory(account).held > memory(account).capacity);
    trail.expect(
      over.length === 0,
      () => `load ${model}@${server} leaves ${over.map((account) => said(fleet, account)).join(', ')}`,
    );
  }
};

/**
 * Nothing is evicted when free memory suffices, or within its minimum residency. A copy in use is evicted only for what
 * is worth more, or has starved.
 */
export const evictsOnlyForNeed: TurnCheck = (scene) => {
  const { fleet, turn, trail } = scene;
  const evicted = evictedIn(scene);
  for (const { victim, newcomer, readySince } of evicted) {
    const isInUse = victim.phase === 'draining' && victim.inUseUntil > turn.now;
    if (isInUse) trail.mark('eviction of what is in use');
    trail.expect(
      !isInUse || isWorthMore(scene, victim, newcomer),
      () => `${victim.id} was evicted in use for ${newcomer}, which is worth less`,
    );
    const { minResidency } = fleet.models.get(victim.model) ?? fleet.defaults;
    trail.mark('eviction');
    trail.expect(
      turn.now >= readySince + minResidency,
      () => `${victim.id} was evicted within its minimum residency`,
    );
  }
  const newcomers = new Set(evicted.map(({ newcomer }) => newcomer));
  // Of several newcomers each had the room that those before it had left: a turn does not say which came first.
  if (newcomers.size === 1) wasNeeded(scene, [...newcomers][0]!);
};

const CLASSES: readonly Class[] = ['sheddable', 'default', 'critical'];

/**
 * Whether a newcomer is worth more than a copy that leaves for it, is of a higher class, the operator's, or has starved, or has
 * waited for as long with a promise: that counts from its first request, whatever came of it since.
 */
function isWorthMore(scene: TurnScene, victim: Replica, newcomer: ModelId): boolean {
  const { fleet, turn, wantedBefore, history } = scene;
  const model = fleet.models.get(newcomer);
  const waited = turn.now - (wantedBefore.get(newcomer) ?? turn.now);
  if (!model || isOperators(fleet, model) || waited >= fleet.limits.starvation) return true;
  const waiting = [...history.pending.values()].filter((one) => one.model === newcomer);
  const isPromised = waiting.some(({ id }) => fleet.promises.get(id) != null);
  if (isPromised && waiting.some(({ arrivedAt: at }) => turn.now >= at + fleet.limits.starvation))
    return true;
  const classOf = (id: ModelId): number => CLASSES.indexOf((fleet.models.get(id) ?? fleet.defaults).class);
  const rank = Math.max(classOf(newcomer), ...waiting.map((one) => CLASSES.indexOf(one.class)));
  if (classOf(victim.model) < rank) return true;
  const lost = sparedBy(fleet, victim.model, turn.now) / fleet.holders.get(victim.model)!.size;
  return lost * (1 - ROUNDED) <= MARGIN * sparedBy(fleet, newcomer, turn.now);
}

/** A copy in use leaves only for what is worth at least half as much. */
const MARGIN = 2;
const ROUNDED = 1e-9;

/**
 * How many seconds of waiting a warm model spares each second. Each request would begin a load, for which it would wait
 * whole, and those that came meanwhile half of it.
 */
function sparedBy(fleet: Fleet, model: ModelId, now: Instant): number {
  const asked = fleet.requestRates.get(model);
  if (!asked) return 0;
  const perSecond = (asked.sum / 60) * Math.exp((asked.at - now) / 60_000);
  const load = loadForecast(fleet, model, null).p50 / 1_000;
  return perSecond * (load + (perSecond * load * load) / 2);
}

/** Whether the operator orders it: a pin, warm copies, an admin's order, a drain, or one that only fails. */
const isOperators = (fleet: Fleet, { id, pinnedCopies, minCopies }: Model): boolean =>
  pinnedCopies + minCopies > 0 ||
  fleet.bestEffort.get(id)?.admin === true ||
  fleet.foundFailing.has(id) ||
  [...fleet.replicas.values()].some(
    ({ model, server }) => model === id && fleet.servers.get(server)!.drain !== null,
  );

function wasNeeded(scene: TurnScene, newcomer: string): void {
  const { fleet, before, memory, trail, turn } = scene;
  const victims = [...fleet.replicas.values()].filter(
    (replica) => 'makesRoomFor' in replica && replica.makesRoomFor === newcomer,
  );
  const placed = [...fleet.replicas.values()].filter(
    (one) => one.model === newcomer && isPlacedSince(before.get(one.id), one),
  );
  const leaving = (account: AccountId): number =>
    [...fleet.replicas.values()]
      .filter((replica) => isLeaving(replica) && !isComingBack(fleet, replica))
      .filter((replica) => !replicaFlags(fleet, replica, new Now(turn.now)).includes('stuck'))
      .filter(({ id }) => !victims.some((victim) => victim.id === id))
      .reduce((sum, replica) => sum + bytesOn(replica, account), 0);
  for (const replica of placed) {
    const isShort = accountsOf(replica).some((account) => {
      const { capacity, held, promised } = memory(account);
      return capacity - held - promised + leaving(account) < 0;
    });
    trail.expect(
      isShort || placed.length > 1 || bringsOthers(scene, replica) || isKeptFree(scene, replica),
      () =>
        `${victims.map(({ id }) => id).join(', ')} evicted for ${replica.id}, which had room: ${pictureOf(fleet)}`,
    );
  }
}

/** Whether it got its place in this turn, its load begun or not. */
const isPlacedSince = (was: Replica | undefined, now: Replica): boolean => isToCome(now) && !isToCome(was);

const isToCome = (one: Replica | undefined): boolean => one?.phase === 'placed' || one?.phase === 'loading';

/** A job before it in the line is to have the memory that is free there. */
const isKeptFree = ({ fleet }: TurnScene, { model, server }: Replica): boolean => {
  const host = fleet.servers.get(server)!.spec.host;
  return [...fleet.line].some(
    ([id, job]) => id !== model && job.server !== null && fleet.servers.get(job.server)?.spec.host === host,
  );
};

/** What comes along with it may be what lacked the room. */
const bringsOthers = ({ fleet }: TurnScene, { model }: Replica): boolean => fleet.composed.has(model);

const accountsOf = ({ bookings }: Replica): AccountId[] => bookings.map(({ account }) => account);

const bytesOn = ({ bookings }: Replica, account: AccountId): number =>
  bookings.reduce((sum, booking) => (booking.account === account ? sum + booking.bytes : sum), 0);

/** An account in words: how full it is, and of what. */
export function said(fleet: Fleet, account: AccountId): string {
  const { held, capacity } = memoryOf(fleet)(account);
  const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
  const holders = [...fleet.replicas.values()]
    .filter((replica) => bytesOn(replica, account) > 0)
    .map((replica) => `${replica.id} ${replica.phase} ${mib(bytesOn(replica, account))}`);
  return `${account} at ${mib(held)} of ${mib(capacity)} MiB (${holders.join(', ')})`;
}
