import type { ReplicaId } from '#core';
import type { RouteMessage, RouteServerMessage } from '#contracts';
import type { Route } from '#engine';

/** More are not remembered at a time: a fleet has fewer replicas that are asked for. */
const MOST = 10_000;

/** The latest version of routes that callers of this process were told. It never goes back. */
export class LatestVersion {
  private latest = { term: 0, sequence: 0 };
  private message = { term: '0', sequence: '0' };

  /** The version to be told in the place of this one: the later of both. The same object as long as none is later. */
  of({ term, sequence }: Pick<Route, 'term' | 'sequence'>): RouteMessage['routeVersion'] {
    const { latest } = this;
    if (term > latest.term || (term === latest.term && sequence > latest.sequence)) {
      this.latest = { term, sequence };
      this.message = { term: String(term), sequence: String(sequence) };
    }
    return this.message;
  }

  /** A route as another peer has told it. */
  told(route: RouteMessage): RouteMessage {
    const { term, sequence } = route.routeVersion;
    return { ...route, routeVersion: this.of({ term: Number(term), sequence: Number(sequence) }) };
  }
}

/** Routes as callers are told them. Warm models are asked for again and again: the same words are the same object. */
export class RouteMessages {
  private readonly last = new Map<ReplicaId, { readonly route: Route; readonly message: RouteMessage }>();

  constructor(
    private readonly servers: {
      /** The same object as long as nothing of the server has changed. */
      routeServer(id: string): RouteServerMessage;
    },
    private readonly latest: LatestVersion,
  ) {}

  of(route: Route): RouteMessage {
    const last = this.last.get(route.replica);
    const server = this.servers.routeServer(route.server);
    const routeVersion = this.latest.of(route);
    const isAsBefore = last?.message.server === server && last.message.routeVersion === routeVersion;
    if (last && isAsBefore && isSame(last.route, route)) return last.message;
    const message = {
      model: route.model,
      version: route.version,
      server,
      devices: [...route.devices],
      routeVersion,
      leaseMs: route.lease,
      cold: route.cold,
      waitedMs: Math.round(route.waited),
      stale: route.stale ?? false,
    };
    if (this.last.size >= MOST) this.last.clear();
    this.last.set(route.replica, { route, message });
    return message;
  }
}

/** Of two routes to the same replica. */
const isSame = (one: Route, other: Route): boolean =>
  one.version === other.version &&
  one.devices === other.devices &&
  one.lease === other.lease &&
  one.cold === other.cold &&
  one.waited === other.waited &&
  one.stale === other.stale;
