import { Interval } from '@nestjs/schedule';
import { Now } from '#core';
import { DEFAULT_LEASE, type Event, type Instant, type Server, type ServerId, serverState } from '#core';
import type { Engine } from '#engine';
import type { WallTimes } from '../../transport/wall-times.js';
import { drainEvent } from './core-server.js';
import type { Links } from './links.js';
import type { Registry } from './registry.js';

/** After the deadline of a drain no lease holds for longer, and the last unloads are ordered. */
const LAST_ORDERS = DEFAULT_LEASE + 1_000;

/** A server that takes no orders, or was never reached, holds nothing of ours: it is given its time, and no more. */
const HOLD_NOTHING: ReadonlySet<ReturnType<typeof serverState>> = new Set([
  'connecting',
  'wrong_mode',
  'restricted',
]);

/**
 * Servers that the file names no longer, or that are gone from DNS: drained, those of DNS with a deadline, and forgotten once
 * nothing of ours is left on them.
 */
export class ServerRemoval {
  /** By when each has to be empty; null: there is no deadline. */
  private readonly draining = new Map<string, Instant | null>();
  /** Those of them that an admin has stay all the same. */
  private readonly staying = new Set<string>();

  /** `forgotten` is told of each server that is forgotten. */
  constructor(
    private readonly engine: Engine,
    private readonly registry: Registry,
    private readonly links: Links,
    private readonly times: WallTimes,
    private readonly forgotten: (id: string) => void,
  ) {}

  /** Drains those that leave, each by the earliest deadline, and lets those stay that are named again. */
  follow(): void {
    const leaving = this.registry.leavers();
    for (const id of this.draining.keys()) if (!leaving.has(id)) this.keep(id);
    for (const [id, leaveMs] of leaving) {
      const begun = this.draining.get(id);
      const deadline = begun === undefined ? this.endAfter(leaveMs) : begun;
      if (begun !== undefined && !this.isPutOff(id, deadline)) continue;
      this.draining.set(id, deadline);
      this.engine.tell(this.drainBy(id, deadline));
    }
  }

  private endAfter(leaveMs: number | null): Instant | null {
    return leaveMs === null ? null : this.engine.now() + leaveMs;
  }

  /** Whether its drain is over, or has a later end: something else that had it drained has changed. */
  private isPutOff(id: string, deadline: Instant | null): boolean {
    const server = this.engine.fleet.servers.get(id as ServerId);
    if (server === undefined || this.staying.has(id)) return false;
    if (server.drain === null) return true;
    return deadline !== null && (server.drain.deadline ?? Infinity) > deadline;
  }

  /** Where it is to be empty earlier for another reason, that holds. */
  private drainBy(id: string, deadline: Instant | null): Event {
    const entry = this.registry.get(id);
    const said = entry && drainEvent(entry, this.times);
    const others = said?.kind === 'DrainOrdered' ? said.deadline : null;
    const first = Math.min(deadline ?? Infinity, others ?? Infinity);
    const server = id as ServerId;
    return { kind: 'DrainOrdered', server, deadline: first === Infinity ? null : first };
  }

  /** An admin has taken back its drain: it stays until it is named again. */
  stay(id: string): void {
    if (this.draining.has(id)) this.staying.add(id);
  }

  /** Forgets those that hold nothing any more. */
  @Interval(1_000)
  letGo(): void {
    this.follow();
    for (const [id, deadline] of this.draining) {
      const server = this.engine.fleet.servers.get(id as ServerId);
      if (server && !this.hasLeft(server, deadline)) continue;
      this.end(id);
      this.registry.release(id);
      this.links.forget(id);
      this.forgotten(id);
    }
  }

  private hasLeft(server: Server, deadline: Instant | null): boolean {
    const now = this.engine.now();
    const state = serverState(this.engine.fleet, server, new Now(now));
    if (state === 'drained' || state === 'lost') return true;
    return HOLD_NOTHING.has(state) && deadline !== null && now >= deadline + LAST_ORDERS;
  }

  private end(id: string): void {
    this.draining.delete(id);
    this.staying.delete(id);
  }

  private keep(id: string): void {
    this.end(id);
    const entry = this.registry.get(id);
    if (entry) this.engine.tell(drainEvent(entry, this.times));
  }
}
