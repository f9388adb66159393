import {
  type Action,
  type ActionOf,
  type Event,
  type Fleet,
  type Instant,
  type ModelId,
  type OrderId,
  type Pressure,
  type Replica,
  type ReplicaId,
  replicaId,
  type Request,
  type RequestId,
  type ServerId,
} from '#core';
import type { Turn } from '#engine';
import { ForcedUnloads } from './forced.js';

/** An order of ours that was sent and of which we have not heard again. */
export interface OpenOrder {
  readonly kind: 'load' | 'unload';
  readonly replica: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  readonly orderedAt: Instant;
  /** Ordinals that get a copy by it. */
  readonly devices: readonly number[];
}

/** A turn that was taken, and the fleet after it. */
interface Taken {
  readonly turn: Pick<Turn, 'now' | 'events' | 'actions'>;
  readonly fleet: Fleet;
}

interface Given {
  readonly lastAt: Instant;
  readonly leasedUntil: Instant;
}

const NEVER: Given = { lastAt: -Infinity, leasedUntil: -Infinity };

/** What follows from the turns so far, whatever the fleet says of it: told before each turn is checked, and after. */
export class History {
  /** Requests that were not answered yet, nor cancelled. */
  readonly pending = new Map<RequestId, Request>();
  readonly open = new Map<OrderId, OpenOrder>();
  /** The servers of which this turn has shown another process. */
  readonly restarted = new Set<ServerId>();
  /** As it was told last, and since when it has been so. */
  pressure: Pressure;
  private readonly given = new Map<ReplicaId, Given>();
  /** Of an earlier life, on copies that this one has not found yet. */
  private readonly remembered = new Map<ReplicaId, { readonly server: ServerId; readonly until: Instant }>();
  private readonly incarnations = new Map<ServerId, number>();
  private readonly forced: ForcedUnloads;
  /** Copies that go by force: leases on them count no more, whenever they are told. */
  private readonly broken = new Set<ReplicaId>();

  /** `start` is the fleet before the first turn. */
  constructor(start: Readonly<Fleet>) {
    for (const [id, request] of start.waiting) this.pending.set(id, request);
    for (const replica of start.replicas.values()) this.recall(replica);
    for (const { spec, promised } of start.servers.values())
      for (const [model, until] of promised) this.remember(spec.id, model, until);
    this.noteIncarnations(start);
    this.forced = new ForcedUnloads(start);
    this.pressure = start.pressure;
  }

  /** When a route to a replica was given last, and until when a lease on it is good. */
  routesTo(replica: ReplicaId): Given {
    return this.given.get(replica) ?? NEVER;
  }

  /** Before a turn is checked: what was told, and the routes that were given. */
  hear({ turn, fleet }: Taken): void {
    for (const event of turn.events) this.hearOne(event, fleet, turn.now);
    this.noteIncarnations(fleet);
    for (const server of this.restarted) this.forget(server);
    this.findRemembered(fleet);
    for (const action of turn.actions) {
      if (action.kind === 'grant') this.grant(action, turn.now);
    }
  }

  /** After a turn was checked: what it ordered and answered. */
  turnPage({ turn, fleet }: Taken): void {
    this.restarted.clear();
    for (const id of this.broken) if (!isLeaving(fleet.replicas.get(id))) this.broken.delete(id);
    for (const action of turn.actions) this.decided(action, fleet, turn.now);
    for (const id of this.given.keys()) {
      const phase = fleet.replicas.get(id)?.phase;
      if (phase !== 'ready' && phase !== 'draining' && phase !== 'unloading') this.given.delete(id);
    }
  }

  private hearOne(event: Event, fleet: Fleet, now: Instant): void {
    for (const model of this.forced.hear(event)) this.breakLeases(model, fleet, now);
    switch (event.kind) {
      case 'RequestArrived':
        this.pending.set(event.request.id, event.request);
        return;
      case 'RequestCancelled':
        this.pending.delete(event.request);
        return;
      case 'RoutesUsed':
        for (const { replica, at, inUseUntil } of event.uses)
          this.give(replica, at, this.broken.has(replica) ? -Infinity : inUseUntil);
        return;
      case 'LeasesRemembered':
        for (const { model, until } of event.leases) this.remember(event.server, model, until);
        return;
      case 'LoadEnded':
      case 'UnloadEnded':
        this.open.delete(event.order);
        return;
      case 'ServerWithdrawn':
        this.forget(event.server);
        return;
      case 'PressureChanged':
        if (this.pressure.level !== event.level) this.pressure = { level: event.level, since: now };
        return;
      default:
    }
  }

  private decided(action: Action, fleet: Fleet, now: Instant): void {
    if (action.kind === 'grant' || action.kind === 'refuse') this.pending.delete(action.request);
    if (action.kind !== 'load' && action.kind !== 'unload') return;
    if (action.kind === 'unload') this.cut(action.replica, now);
    const { kind, order, replica: id, model, server } = action;
    const replica = fleet.replicas.get(id);
    const devices = kind === 'load' ? (replica?.devices ?? []) : [];
    this.open.set(order, { kind, replica: id, model, server, orderedAt: now, devices });
  }

  private grant({ replica, lease }: ActionOf<'grant'>, now: Instant): void {
    this.give(replica, now, now + lease);
  }

  private give(replica: ReplicaId, at: Instant, until: Instant): void {
    const { lastAt, leasedUntil } = this.routesTo(replica);
    this.given.set(replica, { lastAt: Math.max(lastAt, at), leasedUntil: Math.max(leasedUntil, until) });
  }

  /** What is unloaded has no lease any more, also where it turns out to be there still. */
  private cut(id: ReplicaId, now: Instant): void {
    const { lastAt, leasedUntil } = this.routesTo(id);
    this.given.set(id, { lastAt, leasedUntil: Math.min(leasedUntil, now) });
  }

  private remember(server: ServerId, model: ModelId, until: Instant): void {
    this.remembered.set(replicaId(model, server), { server, until });
  }

  /** A lease of an earlier life is good on what serves when its server is first looked at; what is under way may come to serve. */
  private findRemembered({ replicas, servers }: Fleet): void {
    for (const [id, { server, until }] of this.remembered) {
      const phase = replicas.get(id)?.phase;
      if (phase === 'unknown' || (phase === undefined && servers.get(server)?.lookedAt === null)) continue;
      this.remembered.delete(id);
      if (phase === 'ready' || phase === 'draining') this.give(id, -Infinity, until);
    }
  }

  /** By an admin's force the leases of a model are worth nothing any more. */
  private breakLeases(model: ModelId, fleet: Fleet, now: Instant): void {
    for (const id of fleet.holders.get(model) ?? []) this.broken.add(id);
    for (const id of this.given.keys()) {
      if (fleet.replicas.get(id)?.model === model) this.cut(id, now);
    }
    for (const [id, one] of this.remembered)
      if (id === replicaId(model, one.server)) this.remembered.delete(id);
  }

  /** With a process its orders and its routes end; with a server that is forgotten, what we hear of them. */
  private forget(server: ServerId): void {
    for (const [id, order] of this.open) if (order.server === server) this.open.delete(id);
    for (const id of this.given.keys()) if (id.endsWith(`@${server}`)) this.given.delete(id);
  }

  private noteIncarnations({ servers }: Readonly<Fleet>): void {
    for (const { spec, incarnation } of servers.values()) {
      const known = this.incarnations.get(spec.id);
      if (known !== undefined && known !== incarnation) this.restarted.add(spec.id);
      this.incarnations.set(spec.id, incarnation);
    }
  }

  /** What a replica says of the time before the first turn. */
  private recall(replica: Replica): void {
    if ('inUseUntil' in replica) {
      const lastAt = replica.phase === 'ready' ? replica.lastUse : replica.since;
      this.give(replica.id, lastAt, replica.inUseUntil);
    }
    const open = openOrderOf(replica);
    if (open) this.open.set(open.order, open);
  }
}

/** The order of a replica whose end was not told before the first turn. */
function openOrderOf(replica: Replica): (OpenOrder & { readonly order: OrderId }) | undefined {
  const { id, model, server } = replica;
  const about = { replica: id, model, server, devices: replica.devices };
  switch (replica.phase) {
    case 'loading':
      return replica.coLoadedBy === null ? { ...about, ...dated(replica), kind: 'load' } : undefined;
    case 'unloading':
      return replica.answeredAt === null
        ? { ...about, ...dated(replica), kind: 'unload', devices: [] }
        : undefined;
    default:
      return undefined;
  }
}

const isLeaving = (replica: Replica | undefined): boolean =>
  replica?.phase === 'draining' || replica?.phase === 'unloading';

const dated = ({ order, orderedAt }: { order: OrderId; orderedAt: Instant }) => ({ order, orderedAt });
