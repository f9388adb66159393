import type { ActionOf, Fleet, Replica, ReplicaId, ServerId } from '#core';
import { leasesCutAt } from '../../checkers/leases.js';
import { asLookedAt, isFirst, pulseOf } from '../../checkers/pulses.js';
import { mayWaitUnseen } from '../untold.js';
import { type Check, type Scene, siteOf, withdrawn } from './scene.js';

/**
 * At the server itself: the loads of this life, without those so late that they have lost their device's slot. On devices
 * that get no new one there may be more, since the limit was lowered.
 */
export const loadsWithinLimits: Check = (scene) => {
  const { fleet, trail } = scene;
  const ordered = loadsOrdered(scene);
  for (const { cause } of ordered) trail.mark(`load ${cause}`);
  for (const server of new Set(ordered.map((action) => action.server))) {
    const { loadsPerServer, loadsPerDevice } = fleet.limits;
    const loads = loadsAt(scene, server);
    trail.expect(loads.length <= loadsPerServer, () => `${loads.length} loads in flight at ${server}`);
    for (const ordinal of new Set(freshAt(scene, server).flat())) {
      const here = loads.filter(({ devices }) => devices.includes(ordinal));
      trail.expect(
        here.length <= loadsPerDevice,
        () => `${here.length} loads in flight on ${server}/${ordinal}`,
      );
    }
  }
};

const loadsOrdered = ({ turn }: Scene): ActionOf<'load'>[] =>
  turn.actions.filter((action): action is ActionOf<'load'> => action.kind === 'load');

/** A load gives its device's slot back so long after it was decided, or after its timeout. */
const SLOT_HELD = 60_000;

/** The devices of each load that this turn orders. */
const freshAt = (scene: Scene, server: ServerId): (readonly number[])[] =>
  loadsOrdered(scene)
    .filter((action) => action.server === server)
    .map(({ replica }) => comingTo(scene, replica));

/**
 * Those ordered in this turn, and those of this life that are in work at the server. What waits for a load that no look shows,
 * and was given up, is not in flight.
 */
function loadsAt(scene: Scene, server: ServerId): { devices: readonly number[] }[] {
  const { fleet, turn, life } = scene;
  const { open, decided } = siteOf(scene, server);
  const inWork = [...open].filter(
    ({ kind, model, life: whose }) =>
      kind === 'load' &&
      whose === life &&
      !serves(scene, model, server) &&
      !waitsUnseen(scene, model, server),
  );
  return [
    ...freshAt(scene, server).map((devices) => ({ devices })),
    ...inWork.map(({ model, orderedAt }) => {
      const { loadTimeout } = fleet.models.get(model as never) ?? fleet.defaults;
      // It is sent once the store has it, which may be seconds after it was decided.
      const began = decided.get(model)?.at ?? orderedAt;
      // The same sum as the core's: `now - began` may be rounded to the other side of the bound.
      const isHeld = turn.now < began + Math.min(loadTimeout, SLOT_HELD);
      return { devices: isHeld ? comingTo(scene, `${model}@${server}` as ReplicaId) : [] };
    }),
  ];
}

/**
 * Whether a load waits inside Triton that Berth had to take for failed: it is booked no more, has a place to be ordered again, or is
 * in this turn.
 */
function waitsUnseen(scene: Scene, model: string, server: ServerId): boolean {
  const isAgain = loadsOrdered(scene).some((one) => one.server === server && one.model === model);
  const phase = scene.fleet.replicas.get(`${model}@${server}` as ReplicaId)?.phase ?? 'placed';
  return (isAgain || phase === 'placed') && mayWaitUnseen(siteOf(scene, server).sim, model);
}

/** Our load of what a stranger has loaded meanwhile waits inside Triton until it ends, and then has nothing to do. */
function serves({ fleet }: Scene, model: string, server: ServerId): boolean {
  const phase = fleet.replicas.get(`${model}@${server}` as ReplicaId)?.phase;
  return phase === 'ready' || phase === 'draining';
}

function comingTo({ fleet }: Scene, id: ReplicaId): readonly number[] {
  const replica = fleet.replicas.get(id);
  return replica && replica.phase !== 'ready' ? replica.devices : [];
}

/**
 * No unload while a lease is good, whichever life of Berth gave it, but by force, or where a drain has cut it: what was
 * routed there before is over.
 */
export const leasesHold: Check = ({ turn, routes, trail, fleet, sites }) => {
  for (const event of turn.events) routes.hear(event, turn.now);
  for (const action of turn.actions) {
    if (action.kind !== 'unload') continue;
    const until = routes.leasedUntil(action.replica);
    const server = fleet.servers.get(action.server);
    const isCut = leasesCutAt(fleet, action.server) <= turn.now;
    if (isCut) sites.get(action.server)!.cutOff.set(action.model, turn.now);
    trail.mark(`unload ${action.cause}`);
    trail.expect(
      until <= turn.now || isCut || server === undefined,
      () => `unload ${action.replica} (${action.cause}) under a lease until ${until.toFixed(1)}`,
    );
    routes.cut(action.replica, turn.now);
  }
  if (routes.follow(fleet, turn.now)) trail.mark('long lease outlived Berth');
};

/** One copy too many may go though it was used: when it may, `copiesDoNotFlap` says. */
const isOneOfSeveral = ({ models, replicas }: Fleet, { id, model }: Replica): boolean =>
  (models.get(model)?.maxCopies ?? 1) > 1 &&
  [...replicas.values()].some((one) => one.model === model && one.id !== id && one.phase === 'ready');

/** From when on a reading shows the use of each copy: what the first one of it shows may be its warm-up. */
const shownSince = new WeakMap<Scene['sites'], Map<ReplicaId, number>>();

function noteFirstCounts({ changes, sites, turn }: Scene): Map<ReplicaId, number> {
  const since = shownSince.get(sites) ?? new Map<ReplicaId, number>();
  shownSince.set(sites, since);
  for (const { was, now } of changes) {
    const looked = was?.phase === 'ready' ? asLookedAt(was, turn.events) : now;
    const pulse = pulseOf(looked);
    if (looked && pulse && isFirst(pulseOf(was), pulse)) since.set(looked.id, turn.now);
  }
  return since;
}

/** When the last inference of a copy was, where a reading could show it as use: what another client loads anew counts anew. */
function lastShown(scene: Scene, { model, server }: Replica, since: number): number {
  const { lastInference, sim } = siteOf(scene, server);
  const last = lastInference.get(model);
  const readAt = scene.fleet.servers.get(server)!.statisticsAt ?? -Infinity;
  const isShown = last && last.at <= readAt && last.at > since;
  return isShown && sim.copies().some(({ id }) => last.copies.includes(id)) ? last.at : -Infinity;
}

/** Idle unload only after the full idle time since the last route, and the last inference that a reading could show. */
export const idlesLongEnough: Check = (scene) => {
  const { fleet, turn, routes, trail } = scene;
  const since = noteFirstCounts(scene);
  for (const { was, now } of withdrawn(scene).filter((one) => one.now.cause === 'idle')) {
    if (was.stranger || now.stranger || isOneOfSeveral(fleet, was)) continue;
    const { idleUnload } = fleet.models.get(was.model) ?? fleet.defaults;
    const used = Math.max(routes.lastAt(was.id), lastShown(scene, was, since.get(was.id) ?? Infinity));
    trail.expect(
      idleUnload !== null && turn.now >= used + idleUnload,
      () => `${was.id} retired ${(turn.now - used).toFixed(1)} ms after its last use, not ${idleUnload}`,
    );
  }
};
