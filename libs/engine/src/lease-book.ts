import {
  DEFAULT_LEASE,
  type Event,
  type Fleet,
  type Instant,
  isUp,
  MAX_LEASE,
  type Millis,
  type ModelId,
  type Server,
  type ServerId,
} from '#core';
import type { Learned, LearnedLeases } from './ports/learned.js';

/** A lease is written so long after it was given: it has to be on disk within a second. */
const WRITTEN_WITHIN: Millis = 500;
const SECOND: Millis = 1_000;

/** The end of a lease by both clocks. */
interface End {
  readonly until: Instant;
  readonly stored: number;
}

/**
 * Keeps long leases in the store, by the wall clock. The next life grants the default lease to every copy that it finds,
 * so only leases that outlast it are stored. No route waits for that.
 */
export class LeaseBook {
  private readonly written = new Map<ServerId, string>();
  /** The ends as stored. They stay the same for the same lease, though two readings of the clocks differ. */
  private readonly ends = new Map<ServerId, ReadonlyMap<string, End>>();
  /** The servers with leases that are written or may have to be. */
  private readonly leased = new Set<ServerId>();
  /** When a turn has to come, since a lease is to be written or is over. */
  dueAt: Instant = Infinity;

  constructor(
    private readonly learned: Learned,
    private readonly wallNow: () => number,
  ) {}

  /**
   * The leases that an earlier life gave, as events with monotonic times. None counts for longer than the longest lease,
   * even if the wall clock was set back meanwhile.
   */
  async recall(now: Instant): Promise<readonly Event[]> {
    const wall = this.wallNow();
    const { leases } = await this.learned.read();
    return [...leases].map(([server, ends]) => {
      this.leased.add(server);
      this.written.set(server, JSON.stringify(ends));
      this.dueAt = Math.min(this.dueAt, now);
      const left = Object.entries(ends).map(([model, stored]) => {
        return { model: model as ModelId, until: now + Math.min(MAX_LEASE, stored - wall), stored };
      });
      this.ends.set(server, new Map(left.map(({ model, ...end }) => [model, end])));
      const leases = left.filter(({ until }) => until > now).map(({ model, until }) => ({ model, until }));
      return { kind: 'LeasesRemembered', server, leases };
    });
  }

  /** Notes the lease of a route. */
  note(server: ServerId, lease: Millis, now: Instant): void {
    if (lease <= DEFAULT_LEASE) return;
    this.leased.add(server);
    this.dueAt = Math.min(this.dueAt, now + WRITTEN_WITHIN);
  }

  /** To be called after each turn: writes what is due, and what a look or the end of a server has changed. */
  keep(fleet: Readonly<Fleet>, events: readonly Event[], now: Instant): void {
    if (now >= this.dueAt) return this.write(fleet, [...this.leased], now);
    if (this.leased.size === 0) return;
    const told = events.flatMap((event) =>
      event.kind === 'Looked' || event.kind === 'ServerWithdrawn' ? [event.server] : [],
    );
    const changed = told.filter((server) => this.leased.has(server));
    if (changed.length > 0) this.write(fleet, changed, now, this.dueAt);
  }

  /** To be called before the process ends: writes everything. */
  finish(fleet: Readonly<Fleet>, now: Instant): void {
    this.write(fleet, [...this.leased], now);
  }

  private write(fleet: Readonly<Fleet>, servers: readonly ServerId[], now: Instant, dueAt = Infinity): void {
    this.dueAt = dueAt;
    // A server that is not declared yet may be so soon: its leases stay in the store.
    const known = servers.filter((server) => !fleet.serversAwaited || fleet.servers.has(server));
    const changes = known.flatMap((server) => {
      const value = this.endsOn(fleet, fleet.servers.get(server), now);
      const text = JSON.stringify(value);
      if (value === null) {
        this.leased.delete(server);
        this.ends.delete(server);
      }
      if ((this.written.get(server) ?? 'null') === text) return [];
      this.written.set(server, text);
      return [{ kind: 'leases', server, value } as const];
    });
    if (changes.length > 0) void this.learned.write(changes).catch(() => this.failed(servers, now));
  }

  /** After a failed write it is not known what the store holds: all is written again in a second. */
  private failed(servers: readonly ServerId[], now: Instant): void {
    for (const server of servers) {
      this.written.set(server, 'unknown');
      this.leased.add(server);
    }
    this.dueAt = Math.min(this.dueAt, now + SECOND);
  }

  /** The ends to be stored of the leases on a server; null where no lease is long enough. */
  private endsOn(fleet: Readonly<Fleet>, server: Server | undefined, now: Instant): LearnedLeases | null {
    const ends = new Map<string, End>();
    const wall = this.wallNow() - now;
    for (const [model, until] of server ? leasesOn(fleet, server) : []) {
      const shortFrom = until - DEFAULT_LEASE;
      if (shortFrom <= now) continue;
      ends.set(model, { until, stored: storedEnd(until, wall, this.ends.get(server!.spec.id)?.get(model)) });
      this.dueAt = Math.min(this.dueAt, shortFrom);
    }
    if (!server || ends.size === 0) return null;
    this.ends.set(server.spec.id, ends);
    return Object.fromEntries([...ends].map(([model, { stored }]) => [model, stored]));
  }
}

/**
 * The end of a lease by the wall clock, rounded up to the second, so that no lease is stored as shorter than it is. For
 * the same lease it stays as stored, unless the wall clock was set meanwhile.
 */
function storedEnd(until: Instant, wall: Millis, before: End | undefined): number {
  const isSame = before?.until === until && Math.abs(before.stored - (until + wall)) <= SECOND;
  return isSame ? before.stored : Math.ceil((until + wall) / SECOND) * SECOND;
}

/**
 * Until when each copy on a server is leased, copies included that this life has not seen yet. A lease that a drain cuts
 * short counts in full: it holds again once the drain is taken back, also in the next life.
 */
function leasesOn(fleet: Readonly<Fleet>, server: Server): ReadonlyMap<ModelId, Instant> {
  const leases = new Map(server.promised);
  for (const id of fleet.residents.get(server.spec.id) ?? []) {
    const replica = fleet.replicas.get(id)!;
    if (isUp(replica)) leases.set(replica.model, replica.inUseUntil);
  }
  return leases;
}
