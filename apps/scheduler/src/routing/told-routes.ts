import type { ReplicaId } from '#core';
import type { RouteMessage, RouteServerMessage } from '#contracts';
import type { Route } from '#engine';

/** More are not remembered at a time: a fleet has fewer replicas that are asked for. */
const MOST = 10_000;

/** Routes as callers are told them. Warm models are asked for again and again: the same words are the same object. */
export class ToldRoutes {
  private readonly last = new Map<ReplicaId, { readonly route: Route; readonly message: RouteMessage }>();

  constructor(
    private readonly servers: {
      /** The same object as long as nothing of the server has changed. */
      routeServer(id: string): RouteServerMessage;
    },
  ) {}

  of(route: Route): RouteMessage {
    const last = this.last.get(route.replica);
    const server = this.servers.routeServer(route.server);
    if (last && last.message.server === server && isSame(last.route, route)) return last.message;
    const message = {
      model: route.model,
      version: route.version,
      server,
      devices: [...route.devices],
      routeVersion: { term: String(route.term), sequence: String(route.sequence) },
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
  one.term === other.term &&
  one.sequence === other.sequence &&
  one.lease === other.lease &&
  one.cold === other.cold &&
  one.waited === other.waited &&
  one.stale === other.stale;
