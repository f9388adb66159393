import {
  type Event,
  type Fleet,
  type Instant,
  type Millis,
  type Replica,
  type ReplicaId,
  routeRow,
  type WatcherId,
} from '#core';
import type { TurnCheck, TurnScene } from './scene.js';

interface Heard {
  readonly patience: Millis;
  readonly heardAt: Instant;
  /** The last turn whose routes it has acknowledged; -1 where there is none. */
  readonly turn: number;
}

/** What has been heard of watchers, by the events alone. */
class Watchers {
  private readonly heard = new Map<WatcherId, Heard>();
  /** The revision that each turn has left behind; that of turn 0 was there before the first one. */
  private readonly revisions: number[];

  constructor({ watchers, routesRevision }: Readonly<Fleet>) {
    this.revisions = [routesRevision];
    for (const [id, { patience, heardAt }] of watchers) this.heard.set(id, { patience, heardAt, turn: -1 });
  }

  hear(event: Event, now: Instant): void {
    const known = 'watcher' in event ? this.heard.get(event.watcher) : undefined;
    switch (event.kind) {
      case 'WatcherSeen': {
        const heardAt = Math.max(known?.heardAt ?? -Infinity, event.heardAt);
        this.heard.set(event.watcher, { turn: known?.turn ?? -1, patience: event.patience, heardAt });
        return;
      }
      case 'WatcherGone':
        this.heard.delete(event.watcher);
        return;
      case 'WatcherAcknowledged': {
        const turn = this.revisions.findLastIndex((revision) => revision <= event.revision);
        if (known)
          this.heard.set(event.watcher, { ...known, heardAt: now, turn: Math.max(known.turn, turn) });
        return;
      }
      default:
    }
  }

  turnPage(revision: number): void {
    this.revisions.push(revision);
  }

  /** One that may still route to what was withdrawn in that turn. */
  unaware(turn: number, now: Instant): WatcherId | undefined {
    for (const [id, one] of this.heard) if (one.turn < turn && now - one.heardAt < one.patience) return id;
    return undefined;
  }
}

/**
 * No unload, forced or not, before each watcher has acknowledged a table without the copy, or has been silent for its
 * patience.
 */
export const watchersAreHeard = (start: Readonly<Fleet>): TurnCheck => {
  const watchers = new Watchers(start);
  /** The turn in which the drain of each copy began. */
  const drained = new Map<ReplicaId, number>();
  let turns = 0;
  return (scene) => {
    const { turn, fleet, trail } = scene;
    turns += 1;
    noteDrains(scene, drained, turns);
    for (const event of turn.events) watchers.hear(event, turn.now);
    for (const action of turn.actions) {
      if (action.kind !== 'unload') continue;
      const unaware = watchers.unaware(drained.get(action.replica) ?? 0, turn.now);
      trail.expect(
        unaware === undefined,
        () => `unload ${action.replica} (${action.cause}), and ${unaware} may route to it`,
      );
    }
    watchers.turnPage(fleet.routesRevision);
  };
};

/** What went from ready to its unload in one turn has drained in that turn. */
function noteDrains({ changes }: TurnScene, drained: Map<ReplicaId, number>, turn: number): void {
  for (const { was, now } of changes) {
    if (!isLeaving(now)) drained.delete((now ?? was)!.id);
    else if (!isLeaving(was)) drained.set(now.id, turn);
  }
}

const isLeaving = (replica: Replica | undefined): replica is Replica =>
  replica?.phase === 'draining' || replica?.phase === 'unloading';

/** A turn that says that no route has changed is held against the rows now and then: they take their time. */
const QUIET_TURNS = 20;

/** The revision rises with each route that comes, goes or changes, and the turn says which ones these are. */
export const revisionsTellOfRoutes = (start: Readonly<Fleet>): TurnCheck => {
  let rows = rowsOf(start);
  let revision = start.routesRevision;
  let quiet = 0;
  return ({ fleet, trail }) => {
    const isQuiet = fleet.routesRevision === revision && fleet.rerouted.size === 0;
    if (isQuiet && (quiet += 1) % QUIET_TURNS !== 0) return;
    const now = rowsOf(fleet);
    for (const id of new Set([...now.keys(), ...rows.keys()])) {
      if (now.get(id) === rows.get(id)) continue;
      const isTold = fleet.routesRevision > revision && fleet.rerouted.has(id);
      trail.expect(isTold, () => `the route to ${id} is another one, and no revision tells of it`);
    }
    rows = now;
    revision = fleet.routesRevision;
  };
};

function rowsOf(fleet: Readonly<Fleet>): ReadonlyMap<ReplicaId, string> {
  const rows = new Map<ReplicaId, string>();
  for (const id of fleet.replicas.keys()) {
    const row = routeRow(fleet, id);
    if (row) rows.set(id, JSON.stringify({ ...row, leasesEndBy: String(row.leasesEndBy) }));
  }
  return rows;
}
