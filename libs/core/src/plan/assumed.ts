import type { Now } from '../numbers/now.js';
import type { Event } from '../fleet/events.js';
import { type Fleet, put, replicasOn, unsettled } from '../fleet/fleet.js';
import type { ReplicaId } from '../fleet/ids.js';
import { restOfLoad } from '../learned/load-forecast.js';
import type { Instant, Model } from '../fleet/model.js';
import { becomeReady } from '../fleet/transitions.js';
import { end } from '../observe/declared.js';
import { Room } from '../room/feasible.js';
import { isSeenComing, type Loading, type Replica, type Unknown, type Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isOverdue, isStuck, standingOf } from '../fleet/standing.js';

/**
 * The assumed outcomes of orders on a copy of a fleet, which no server carries out. A load succeeds after its forecast
 * (P50). An unload frees its memory at once. A look finds what is booked, and empty queues. What is stuck or overdue
 * stays so, and so does everything on a server that does not answer.
 */
export class Assumed {
  private readonly ends = new Map<ReplicaId, { readonly at: Instant; readonly order: string }>();
  private left = new Map<ReplicaId, Replica>();

  constructor(
    private readonly fleet: Fleet,
    private readonly began: Instant,
  ) {}

  /** When the first of the loads under way ends; Infinity where there is none. */
  get next(): Instant {
    return Math.min(Infinity, ...Array.from(this.ends.values(), ({ at }) => at));
  }

  /** When the load under way of a replica ends; null where that is not known. */
  endOf(replica: ReplicaId): Instant | null {
    return this.ends.get(replica)?.at ?? null;
  }

  /** The replica of that id that has left since the turn before. */
  gone(replica: ReplicaId): Replica | undefined {
    return this.left.get(replica);
  }

  /** Counts every server as just looked at, so that nothing waits for a look. */
  look(now: Now): void {
    for (const server of this.fleet.servers.values()) {
      if (!server.looked) continue;
      const at = now.stamp;
      const looked = { lookedAt: at, statisticsAt: at, fullEndedAt: at, anyEndedAt: at };
      const awaited = { looking: 'full', lookWanted: null, statisticsWanted: null } as const;
      Object.assign(server, { ...looked, ...awaited } satisfies Partial<Server>);
      if (now.stamp > this.began) server.pending = new Map();
    }
  }

  /** Assumes outcomes for the orders under way after a turn. Says whether some have ended at once. */
  take(now: Now): boolean {
    this.left = new Map();
    for (const replica of unsettled(this.fleet)) {
      const server = this.fleet.servers.get(replica.server)!;
      if (!answers(server, now) || isStuck(this.fleet, replica, now)) continue;
      if (isGone(replica)) {
        end(this.fleet, replica, now);
        this.left.set(replica.id, replica);
      } else if (isOrderUnderWay(replica) && !isOverdue(this.fleet, replica, now)) this.expect(replica, now);
    }
    return this.left.size > 0;
  }

  /** The reports of the loads that have ended by now. */
  reports(now: Now): Event[] {
    return [...this.ends].flatMap(([id, { at, order }]): Event[] => {
      if (!now.has(at)) return [];
      this.ends.delete(id);
      const replica = this.fleet.replicas.get(id);
      if (replica?.phase === 'unknown') put(this.fleet, becomeReady(replica, [], now));
      if (replica?.phase !== 'loading' || replica.order !== order) return [];
      const outcome = { kind: 'succeeded', versions: [] } as const;
      return [{ kind: 'LoadEnded', order: replica.order, replica: id, outcome }];
    });
  }

  private expect(replica: UnderWay, now: Now): void {
    const order = replica.phase === 'loading' ? replica.order : '';
    if (this.ends.get(replica.id)?.order === order) return;
    this.ends.set(replica.id, { order, at: now.stamp + restOfLoad(this.fleet, replica, now).p50 });
  }
}

type UnderWay = Loading | Unknown;

/** Whether it has a load of its own: a carried step comes up with the load of its ensemble. */
function isOrderUnderWay(replica: Replica): replica is UnderWay {
  if (replica.phase === 'loading') return replica.coLoadedBy === null;
  return isSeenComing(replica);
}

const isGone = (replica: Replica): replica is Unloading | Unknown =>
  replica.phase === 'unloading' || (replica.phase === 'unknown' && !isSeenComing(replica));

function answers(server: Server, now: Now): boolean {
  const standing = standingOf(server, now);
  return standing === 'ready' || standing === 'stale';
}

/** Whether nothing is under way or waited for, but models that fit on no server, and copies by demand. */
export const isFleetAtRest = (fleet: Readonly<Fleet>, now: Now): boolean =>
  fleet.waiting.size === 0 &&
  [...fleet.servers.values()].every((server) => !answers(server, now) || isQuiet(fleet, server)) &&
  isAllInfeasible(fleet);

const isQuiet = (fleet: Readonly<Fleet>, { spec }: Server): boolean =>
  replicasOn(fleet, spec.id).every(({ phase }) => phase !== 'placed' && phase !== 'draining');

function isAllInfeasible(fleet: Readonly<Fleet>): boolean {
  if (fleet.wantedSince.size === 0) return true;
  const room = new Room(fleet);
  const fitsNowhere = (model: Model): boolean =>
    [...fleet.servers.values()].every((server) => room.fitOn(server, model) !== 'fits');
  return [...fleet.wantedSince.keys()].every((id) => {
    const model = fleet.models.get(id);
    return model === undefined || fleet.utilisations.get(id)?.isAlone === true || fitsNowhere(model);
  });
}
