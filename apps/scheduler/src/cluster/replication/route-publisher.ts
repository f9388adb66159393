import { type Instant, partsOf, type ReplicaId, type RouteRow, type ServerId } from '#core';
import { ChangeLog } from './change-log.js';
import type { RouteTable } from './route-table.js';
import type { RouteEvent, RouteKey, RouteVersion, SentRow } from './route-event.js';

/** Over gRPC 1,000 rows take some 30 KiB. */
const MAX_ROWS = 1_000;

/** The routes that watchers are told. */
export interface RouteFeed extends Pick<RouteTable, 'version' | 'beat' | 'servers'> {
  readonly rows: ReadonlyMap<ReplicaId, RouteRow>;
}

/** Leads to one watcher. */
export interface Line {
  /** Whether an event may be sent: none is under way. */
  readonly isFree: boolean;
  /** Rows and servers in one event, at most; left out: 1,000. */
  readonly mostRows?: number | undefined;
  send(event: RouteEvent, now: Instant): void;
}

/** What a watcher has not been told yet. */
interface Lacking {
  resets: boolean;
  readonly replicas: Set<ReplicaId>;
  readonly servers: Set<ServerId>;
  /** Whether an event is due, if only for its beat. */
  isDue: boolean;
}

/**
 * Tells watchers what changes. One event at a time is under way to each; the next one has all that has changed since, as it is
 * by then. So a watcher that is slow costs no more than the names of what it lacks. It has no clock, and sends nothing by
 * itself.
 */
export class RoutePublisher {
  private readonly lacking = new Map<Line, Lacking>();
  private log: ChangeLog | null = null;
  private term = 0;
  /** Whether the leader of the term has looked at all of its first servers. */
  private isObserved = false;
  private numbers = 0;

  constructor(private readonly feed: RouteFeed) {}

  /** Has a watcher told all, or what is newer than the version that it has. */
  join(line: Line, have: RouteVersion | null, now: Instant): void {
    const newer = this.newerThan(have);
    const replicas = new Set(newer ?? []);
    this.lacking.set(line, {
      resets: newer === undefined,
      replicas,
      servers: new Set(newer ? this.feed.servers.keys() : []),
      isDue: true,
    });
    this.flush(line, now);
  }

  leave(line: Line): void {
    this.lacking.delete(line);
  }

  /** Takes note of what has changed, and tells the watchers whose lines are free. */
  changed(replicas: Iterable<ReplicaId>, servers: Iterable<ServerId>, now: Instant): void {
    const log = this.logOfTerm();
    for (const id of replicas) {
      log.note(id, this.feed.version.sequence);
      for (const one of this.lacking.values()) one.replicas.add(id);
    }
    for (const id of servers) for (const one of this.lacking.values()) one.servers.add(id);
    this.flushAll(now);
  }

  /** Has each watcher sent an event, as soon as its line is free. */
  beat(now: Instant): void {
    for (const one of this.lacking.values()) one.isDue = true;
    this.flushAll(now);
  }

  flushAll(now: Instant): void {
    for (const line of this.lacking.keys()) this.flush(line, now);
  }

  /** Sends what a watcher lacks, as far as its line takes it. */
  flush(line: Line, now: Instant): void {
    const lacking = this.lacking.get(line);
    while (lacking && line.isFree && this.isDue(lacking))
      line.send(this.next(lacking, now, line.mostRows), now);
  }

  private isDue({ isDue, resets, replicas, servers }: Lacking): boolean {
    return isDue || resets || replicas.size + servers.size > 0;
  }

  private next(lacking: Lacking, now: Instant, mostRows = MAX_ROWS): RouteEvent {
    const { feed } = this;
    const { version } = feed;
    const { resets } = lacking;
    lacking.isDue = false;
    if (resets) this.begin(lacking);
    const told = toldOf(feed, lacking, now, mostRows);
    const hasMore = lacking.replicas.size + lacking.servers.size > 0;
    return { number: ++this.numbers, version, beat: feed.beat(), resets, hasMore, ...told };
  }

  private begin(lacking: Lacking): void {
    lacking.resets = false;
    lacking.replicas.clear();
    lacking.servers.clear();
    for (const id of this.feed.servers.keys()) lacking.servers.add(id);
    for (const id of this.feed.rows.keys()) lacking.replicas.add(id);
  }

  private newerThan(have: RouteVersion | null): ReplicaId[] | undefined {
    const { version } = this.feed;
    if (have?.term !== version.term || have.sequence > version.sequence) return undefined;
    return this.logOfTerm().since(have.sequence);
  }

  /**
   * What was changed in one term is of no use in the next. Up to the version with which the leader has looked at all servers a
   * watcher may have rows of the term before by another process, of which this one knows nothing: it is told all.
   */
  private logOfTerm(): ChangeLog {
    const { term, sequence } = this.feed.version;
    const isNew = this.log === null || this.term !== term;
    if (isNew) this.isObserved = false;
    this.term = term;
    if (this.log !== null && this.isObserved) return this.log;
    this.isObserved = [...this.feed.servers.values()].every(({ isObserved }) => isObserved);
    return (this.log = new ChangeLog(sequence + 1));
  }
}

/** Where what is told is read. */
interface ToldFrom {
  readonly rows: Pick<RouteFeed['rows'], 'get'>;
  readonly servers: Pick<RouteFeed['servers'], 'get'>;
}

type Told = Pick<RouteEvent, 'servers' | 'serversGone' | 'rows' | 'gone'>;

/** What is told next of what is lacking, and taken from it: servers come before the rows that lead to them. */
export function toldOf(
  { rows, servers: known }: ToldFrom,
  { replicas, servers }: Pick<Lacking, 'replicas' | 'servers'>,
  now: Instant,
  most = Infinity,
): Told {
  const told = {
    servers: [] as RouteEvent['servers'][number][],
    serversGone: [] as ServerId[],
    rows: [] as SentRow[],
    gone: [] as RouteKey[],
  };
  let left = most;
  for (const id of servers) {
    if (left-- === 0) return told;
    servers.delete(id);
    const server = known.get(id);
    if (server) told.servers.push(server);
    else told.serversGone.push(id);
  }
  for (const id of replicas) {
    if (left-- === 0) return told;
    replicas.delete(id);
    const row = rows.get(id);
    if (row) told.rows.push(sentRow(row, now));
    else told.gone.push(partsOf(id));
  }
  return told;
}

/** A row as it is sent at a moment. */
export function sentRow({ id: _, leasesEndBy, ...row }: RouteRow, now: Instant): SentRow {
  if (leasesEndBy === Infinity) return row;
  return { ...row, leasesEndInMs: Math.max(0, Math.floor(leasesEndBy - now)) };
}
