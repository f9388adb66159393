import { Now } from '#core';
import {
  type ActionOf,
  type FailureCause,
  type Fleet,
  type Instant,
  isComing,
  type Millis,
  type ModelId,
  ordersAtOnce,
  type Replica,
  replicaId,
  type ServerId,
} from '#core';
import { withNeeds } from './needs.js';
import type { TurnCheck, TurnScene } from './scene.js';
import { loadBegan } from './load-began.js';

const loadsIn = ({ turn }: TurnScene): ActionOf<'load'>[] =>
  turn.actions.filter((action) => action.kind === 'load');

/** What failed in this turn is waited out for neither less nor more than it may be. */
export const backOffsAreBounded: TurnCheck = ({ turn, fleet, trail }) => {
  for (const event of turn.events) {
    if (event.kind !== 'LoadEnded' || event.outcome.kind !== 'failed') continue;
    const cooldown = fleet.cooldowns.get(event.replica);
    if (cooldown?.at !== turn.now) continue;
    const [least, most] = boundsOf(cooldown.cause, cooldown.failures);
    const wait = cooldown.until - cooldown.at;
    trail.expect(wait >= least && wait <= most, () => `${event.replica} is to be waited out for ${wait} ms`);
    const breaker = fleet.breakers.get(cooldown.model);
    if (!breaker) continue;
    const [shortest, longest] = boundsOf(breaker.cause, breaker.failures);
    const open = breaker.until - turn.now;
    const isBounded = open <= longest && (open >= shortest || breaker.cause !== cooldown.cause);
    trail.expect(isBounded, () => `${cooldown.model} is to be loaded nowhere for ${open} ms`);
  }
};

function boundsOf(cause: FailureCause, failures: number): readonly [least: Millis, most: Millis] {
  const isLasting = cause === 'configuration' || cause === 'missing';
  return isLasting
    ? [5_000, Math.min(300_000, 10_000 * 2 ** (failures - 1))]
    : [500, Math.min(60_000, 1_000 * 2 ** (failures - 1))];
}

/** After too many failures in a row a model is loaded nowhere until its breaker half-opens, and then by one load at a time. */
export const triedOneAtATime: TurnCheck = (scene) => {
  const { turn, fleet, trail } = scene;
  if (fleet.breakers.size === 0) return;
  for (const { replica: id, model, coLoaded } of loadsIn(scene)) {
    for (const one of [model, ...coLoaded]) {
      const breaker = fleet.breakers.get(one);
      if (!breaker) continue;
      trail.mark('tried once more after too many failures');
      trail.expect(breaker.until <= turn.now, () => `${id} is loaded while ${one} is to be nowhere`);
      const coming = [...(fleet.holders.get(one) ?? [])].filter((other) =>
        isComing(fleet, fleet.replicas.get(other)!, new Now(turn.now)),
      );
      trail.expect(coming.length <= 1, () => `${id} is loaded beside ${coming.join(', ')}`);
    }
  }
};

/**
 * What failed on a server gets no place on its last load slot while a model waits for that which never failed there: until
 * it starves, and where nothing was promised after it failed. What ran out of memory has not failed.
 */
export const retriesLeaveASlot: TurnCheck = (scene) => {
  const { fleet, changes, trail } = scene;
  if (fleet.cooldowns.size === 0) return;
  for (const { was, now: one } of changes) {
    if (!one || !isNewLoad(was, one) || !standsBack(scene, one)) continue;
    if (slotsLeft(fleet, one.server) + leftToOthers(scene, one) > 0) continue;
    const other = waitingFor(scene, one.server);
    trail.expect(!other, () => `${one.id} has failed there, and got the last slot, for which ${other} waits`);
  }
};

/** How many others got a place or a slot on its server in the same turn that do not stand back: it left them room. */
const leftToOthers = (scene: TurnScene, { id, server }: Replica): number =>
  scene.changes.filter(
    ({ was, now }) =>
      now && now.id !== id && now.server === server && isNewLoad(was, now) && !standsBack(scene, now),
  ).length;

function standsBack(scene: TurnScene, { id, model }: Replica): boolean {
  const { fleet, wantedBefore, turn } = scene;
  const since = wantedBefore.get(model) ?? -Infinity;
  const failed = fleet.cooldowns.get(id);
  if (!failed || failed.cause === 'capacity' || turn.now - since >= fleet.limits.starvation) return false;
  return !isPromisedSince(scene, model, failed.at);
}

const isNewLoad = (was: Replica | undefined, now: Replica): boolean =>
  (now.phase === 'placed' || now.phase === 'loading') &&
  now.coLoadedBy === null &&
  was?.phase !== 'placed' &&
  was?.phase !== 'loading';

function isPromisedSince({ history }: TurnScene, model: ModelId, failedAt: Instant): boolean {
  return [...history.pending.values()].some((one) => one.model === model && one.arrivedAt >= failedAt);
}

function slotsLeft(fleet: Fleet, id: ServerId): number {
  const server = fleet.servers.get(id)!;
  const most = Math.min(
    ordersAtOnce(fleet, server),
    (server.devices?.length ?? 0) * fleet.limits.loadsPerDevice,
  );
  const orders = Array.from(fleet.unsettled, (one) => fleet.replicas.get(one)!).filter(
    (one) => one.server === id && !('coLoadedBy' in one && one.coLoadedBy !== null) && isLoad(one),
  );
  return most - orders.length;
}

const isLoad = (one: Replica): boolean => one.phase === 'placed' || loadBegan(one) !== null;

/** A model that has been wanted since an earlier turn, may go there or has its place there, and never failed there. */
const waitingFor = ({ fleet, wantedBefore }: TurnScene, server: ServerId): ModelId | undefined =>
  [...wantedBefore.keys()].find((model) => {
    const id = replicaId(model, server);
    if ([...withNeeds(fleet, model)].some((one) => fleet.cooldowns.has(replicaId(one, server)))) return false;
    const replica = fleet.replicas.get(id);
    if (replica) return replica.phase === 'placed' && replica.coLoadedBy === null;
    return fleet.wantedSince.has(model) && fleet.servers.get(server)!.repository.has(model);
  });
