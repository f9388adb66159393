import type { Fleet, Instant, Millis, Replica, ReplicaId, ServerId } from '#core';
import { isSpared } from './copies.js';
import { type TurnCheck, withdrawn } from './scene.js';

/** So long after the deadline of its drain a server lets go of everything: the one exception to the promise of a lease. */
export const LET_GO_AFTER: Millis = 10_000;

/** When leases on a server end whatever was promised: in its drain with a deadline; Infinity on every other server. */
export const leasesCutAt = ({ servers }: Readonly<Fleet>, server: ServerId): Instant =>
  (servers.get(server)?.drain?.deadline ?? Infinity) + LET_GO_AFTER;

/** When leases on a copy end: never where it is a stranger's to keep, of which no drain lets go. */
const cutAt = (fleet: Readonly<Fleet>, replica: ReplicaId): Instant =>
  isKept(fleet, replica) ? Infinity : leasesCutAt(fleet, serverOf(replica));

const isKept = ({ replicas, servers }: Readonly<Fleet>, replica: ReplicaId): boolean =>
  replicas.get(replica)?.stranger === true && servers.get(serverOf(replica))?.spec.strangers === 'keep';

/** No unload while a lease is good, but by force, or where a drain has cut it. */
export const leasesHold: TurnCheck = ({ turn, fleet, history, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'unload') continue;
    const { leasedUntil } = history.routesTo(action.replica);
    trail.expect(
      leasedUntil <= turn.now || cutAt(fleet, action.replica) <= turn.now,
      () => `unload ${action.replica} (${action.cause}) under a lease until ${leasedUntil.toFixed(1)}`,
    );
  }
};

const MAX_LEASE_WHILE_HELD = 10_000;

/**
 * A lease is as long as it was asked for, or cut where orders are held, or, where the server drains with a deadline, ends when that
 * lets go. What was
 * given without a turn was given before this turn heard of any drain.
 */
export const leasesAreHonest = (start: Readonly<Fleet>): TurnCheck => {
  let cuts = cutsIn(start);
  return ({ turn, fleet, history, trail }) => {
    // Those of watchers were under way.
    for (const { replica, at, inUseUntil } of fleet.watchers.size === 0 ? warmUses(turn) : []) {
      const cut = cuts.get(replica) ?? Infinity;
      trail.expect(inUseUntil <= Math.max(at, cut), () => `a lease on ${replica} goes beyond its drain`);
    }
    for (const action of turn.actions) {
      if (action.kind !== 'grant') continue;
      const asked = history.pending.get(action.request)?.lease ?? action.lease;
      const left = Math.floor(cutAt(fleet, action.replica) - turn.now);
      const most = fleet.held ? MAX_LEASE_WHILE_HELD : Infinity;
      trail.expect(left > 0, () => `a route to ${action.replica}, and nothing of its lease is left`);
      trail.expect(
        action.lease === Math.max(0, Math.min(asked, left, most)),
        () => `a lease of ${action.lease} ms on ${action.replica}, asked for ${asked}, and ${left} are left`,
      );
    }
    cuts = cutsIn(fleet);
  };
};

/** As it is between two turns, in which routes are given, also to what the next one forgets. */
const cutsIn = (fleet: Readonly<Fleet>): ReadonlyMap<ReplicaId, Instant> =>
  new Map(
    [...fleet.replicas.values()].flatMap(({ id, server }) =>
      fleet.servers.get(server)?.drain == null ? [] : [[id, cutAt(fleet, id)] as const],
    ),
  );

const warmUses = ({ events }: Parameters<TurnCheck>[0]['turn']) =>
  events.flatMap((event) => (event.kind === 'RoutesUsed' ? event.uses : []));

const serverOf = (replica: string): ServerId => replica.slice(replica.indexOf('@') + 1) as ServerId;

/** A route is given to what is ready, or was until this very turn drained it for a starving request. */
export const routesLeadToTheReady: TurnCheck = ({ turn, fleet, before, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'grant') continue;
    const replica = fleet.replicas.get(action.replica);
    trail.expect(
      isReady(replica, turn.now),
      () => `a route to ${action.replica}, which is ${saidOf(replica)}`,
    );
  }
  // Watchers tell of routes that they gave before they heard that the copy went.
  if (fleet.watchers.size > 0) return;
  for (const event of turn.events) {
    if (event.kind !== 'RoutesUsed') continue;
    for (const { replica: id } of event.uses) {
      const was = before.get(id);
      trail.expect(was?.phase === 'ready', () => `a warm route to ${id}, which was ${saidOf(was)}`);
    }
  }
};

const isReady = (replica: Replica | undefined, now: number): boolean =>
  replica?.phase === 'ready' ||
  ((replica?.phase === 'draining' || replica?.phase === 'unloading') && replica.since === now);

const saidOf = (replica: Replica | undefined): string => replica?.phase ?? 'not there';

/** Idle unload only after the full idle time since the last route, on the monotonic clock. */
export const idlesSinceItsLastRoute: TurnCheck = (scene) => {
  const { turn, fleet, history, trail } = scene;
  for (const { was, now } of withdrawn(scene)) {
    if (now.cause !== 'idle' || was.stranger || now.stranger || isSpared(scene, { was, now })) continue;
    const { idleUnload } = fleet.models.get(was.model) ?? fleet.defaults;
    const used = Math.max(was.since, history.routesTo(was.id).lastAt);
    trail.expect(
      idleUnload !== null && turn.now >= used + idleUnload,
      () => `${was.id} retired ${(turn.now - used).toFixed(1)} ms after its last use, not ${idleUnload}`,
    );
  }
};
