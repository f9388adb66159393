import {
  type Class,
  type Fleet,
  type Instant,
  isGuaranteed,
  type Millis,
  type Model,
  type ModelId,
  type Ready,
  type Replica,
  type Server,
} from '#core';
import { dependentsOn } from './needs.js';
import { evictedIn, type TurnCheck, type TurnScene, withdrawn } from './scene.js';

const RANKS: readonly Class[] = ['sheddable', 'default', 'critical'];

/** What `copies.min` keeps warm is not retired for being idle, and leaves only for a pin or a higher class. */
export const warmCopiesStay: TurnCheck = (scene) => {
  const { fleet, trail } = scene;
  for (const { was, now } of withdrawn(scene)) {
    if (now.cause !== 'idle') continue;
    trail.expect(!isGuaranteed(fleet, was), () => `${was.id} is kept warm and was retired`);
  }
  for (const { victim, decidedOn, newcomer } of evictedIn(scene)) {
    if (!isGuaranteed(fleet, decidedOn)) continue;
    trail.mark('kept warm and evicted');
    trail.expect(
      mayDisplace(scene, newcomer, victim.model),
      () => `${victim.id} is kept warm and was evicted for ${newcomer}`,
    );
  }
};

/**
 * Whether a model is above another one's class: as a pin, by its own class, or by that of a request that waits for it.
 */
function mayDisplace({ fleet, history }: TurnScene, newcomer: ModelId, id: ModelId): boolean {
  if ((fleet.models.get(newcomer)?.pinnedCopies ?? 0) > 0) return true;
  const asked = [...history.pending.values()].filter(({ model }) => model === newcomer);
  const classes = [classOf(fleet, newcomer), ...asked.map((request) => request.class)];
  return Math.max(...classes.map(rankIn)) > rankIn(classOf(fleet, id));
}

const rankIn = (one: Class): number => RANKS.indexOf(one);

const classOf = (fleet: Fleet, id: ModelId): Class => (fleet.models.get(id) ?? fleet.defaults).class;

/** A copy too many is let go no sooner after the last one came up. */
const EASY_FOR: Millis = 300_000;

/**
 * Of a model that may have several copies one may be let go though it is used: only where as many stay as are pinned or
 * kept warm, and one at least, and not soon after another one came up. What has not been idle for long goes for no other reason.
 */
export const copiesDoNotFlap = (start: Readonly<Fleet>): TurnCheck => {
  const cameUp = new Map<ModelId, Instant>();
  for (const { model, phase, since } of start.replicas.values()) {
    if (phase === 'ready') cameUp.set(model, Math.max(since, cameUp.get(model) ?? since));
  }
  return (scene) => {
    const { turn, fleet, trail } = scene;
    for (const { was } of withdrawn(scene).filter((one) => isSpared(scene, one))) {
      trail.mark('copy too many let go');
      const age = turn.now - (cameUp.get(was.model) ?? -Infinity);
      trail.expect(age >= EASY_FOR, () => `${was.id} was let go ${age} ms after another copy came up`);
      const left = copiesIn(fleet, was.model);
      const least = leastOf(fleet.models.get(was.model));
      trail.expect(left >= least, () => `${was.id} was let go, and ${left} are left of ${least}`);
    }
    for (const { was, now } of scene.changes) {
      if (was?.phase === 'loading' && now?.phase === 'ready') cameUp.set(now.model, turn.now);
    }
  };
};

/** Whether it was retired before it had been idle for long, as one of several copies. */
export const isSpared = (
  { fleet, turn, history }: TurnScene,
  { was, now }: ReturnType<typeof withdrawn>[number],
): boolean => {
  if (was.stranger || now.stranger) return false;
  const { idleUnload } = fleet.models.get(was.model) ?? fleet.defaults;
  const used = Math.max(was.since, history.routesTo(was.id).lastAt);
  const isIdle = idleUnload !== null && turn.now >= used + idleUnload;
  return now.cause === 'idle' && !isIdle && (fleet.models.get(was.model)?.maxCopies ?? 1) > 1;
};

const leastOf = (model: Model | undefined): number =>
  Math.max(1, model?.pinnedCopies ?? 0, model?.minCopies ?? 0);

/** For one copy more of what serves already nothing leaves that is in use, nor the last copy of a model of its class. */
export const extrasTakeLittle: TurnCheck = (scene) => {
  const { fleet, before, turn, trail } = scene;
  for (const { victim, newcomer } of evictedIn(scene)) {
    const model = fleet.models.get(newcomer);
    const serving = [...before.values()].filter((one) => one.model === newcomer && serves(fleet, one));
    if (!model || sumOf(fleet, serving) < leastOf(model)) continue;
    trail.mark('eviction for one copy more');
    const isInUse = victim.phase === 'draining' && victim.inUseUntil > turn.now;
    trail.expect(!isInUse, () => `${victim.id} was evicted in use for one copy more of ${newcomer}`);
    const isLower = rankIn(classOf(fleet, victim.model)) < rankIn(model.class);
    const isMissed = copiesIn(fleet, victim.model) === 0;
    trail.expect(
      isLower || !isMissed,
      () => `${victim.id}, the last of its model, was evicted for one copy more of ${newcomer}`,
    );
  }
};

const FAILING = 3;

/** Ready on a server that stays, and not failing by the count. */
const serves = (fleet: Fleet, replica: Replica): replica is Ready => {
  const server = fleet.servers.get(replica.server);
  if (replica.phase !== 'ready' || !server || server.drain !== null || !isReached(server)) return false;
  return (replica.pulse?.failures ?? 0) < FAILING;
};

/** Looked at over a connection that stands: what is on a lost server counts as no copy. */
const isReached = ({ looked, contact }: Server): boolean =>
  looked && (contact.kind === 'up' || contact.kind === 'slow');

const copiesIn = (fleet: Fleet, id: ModelId): number =>
  sumOf(
    fleet,
    [...fleet.replicas.values()].filter((one) => one.model === id && one.phase === 'ready'),
  );

/** A copy that is spread over several devices is one. */
const sumOf = ({ models }: Fleet, replicas: readonly Replica[]): number =>
  replicas.reduce((sum, { model, devices }) => {
    const isSpread = (models.get(model)?.deviceSets.length ?? 0) > 0;
    return sum + (isSpread ? 1 : Math.max(1, devices.length));
  }, 0);

/**
 * Neither demand nor a reload makes more copies than there may be: one is placed, also where another one was found gone in the
 * same turn, only while there are fewer. What another model needs on its server is there for that one, however many there are elsewhere: `copies.max` bounds pins and demand, and does not
 * keep an ensemble away from every server but the one that has its step.
 */
export const copiesStayWithinMax: TurnCheck = (scene) => {
  const { changes, fleet, trail } = scene;
  for (const { was, now } of changes) {
    if (isComing(was) || !isComing(now) || comesAlong(scene, now)) continue;
    const model = fleet.models.get(now.model);
    if (model?.maxCopies == null) continue;
    const others = [...fleet.replicas.values()].filter(
      (one) => one.model === now.model && one.id !== now.id && serves(fleet, one),
    );
    if (sumOf(fleet, others) >= leastOf(model)) trail.mark('one copy more placed');
    trail.expect(
      sumOf(fleet, others) < Math.max(model.maxCopies, model.pinnedCopies),
      () => `${now.id} was placed beside ${sumOf(fleet, others)} copies of at most ${model.maxCopies}`,
    );
  }
};

/** Promised a place, or given it and loaded. */
const isComing = (replica: Replica | undefined): replica is Coming =>
  replica?.phase === 'placed' || replica?.phase === 'loading';

type Coming = Extract<Replica, { phase: 'placed' | 'loading' }>;

/** Whether this turn placed something on the same server that needs it. */
const comesAlong = ({ fleet, before }: TurnScene, step: Coming): boolean =>
  dependentsOn(fleet, step).some((one) => isComing(one) && before.get(one.id) !== one);
