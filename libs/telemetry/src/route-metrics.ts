import type { Counter } from 'prom-client';
import type { Millis } from '#core';
import type { Instruments } from './instruments.js';

/** What is known of the table of routes, and of its watchers. */
export interface RouteFacts {
  readonly rows: number;
  /** How long ago the leader's lease was last renewed; null: no table was received. */
  readonly age: Millis | null;
  readonly gateways: number;
  /** Of a leader: the peers that watch it, how long the slowest has not acknowledged, and how many are configured otherwise. */
  readonly peers: { readonly watching: number; readonly lag: Millis; readonly differing: number };
}

const NOTHING: RouteFacts = {
  rows: 0,
  age: null,
  gateways: 0,
  peers: { watching: 0, lag: 0, differing: 0 },
};

/** The table of routes of this process, and its watchers. */
export class RouteMetrics {
  private readonly staleRoutes: Counter;
  private read: () => RouteFacts = () => NOTHING;

  constructor(make: Instruments) {
    this.staleRoutes = make.counter(
      'stale_routes_total',
      "Routes given by this process' own looks, since no word of a leader was young enough.",
    );
    const gauge = (name: string, help: string, value: (facts: RouteFacts) => number): void =>
      make.read(name, help, () => value(this.read()));
    gauge('route_table_rows', 'Copies in the table of routes of this process.', ({ rows }) => rows);
    gauge(
      'route_table_age_seconds',
      'How long ago the lease of the leader was last renewed, as the table of routes says; -1 without a table.',
      ({ age }) => (age === null ? -1 : age / 1_000),
    );
    gauge('route_gateways', 'Gateways that watch the table of this process.', ({ gateways }) => gateways);
    gauge('peers_watching', 'Of the leader: peers that watch its routes.', ({ peers }) => peers.watching);
    gauge(
      'peers_lag_seconds',
      'Of the leader: for how long the slowest peer has not acknowledged what it was sent.',
      ({ peers }) => peers.lag / 1_000,
    );
    gauge(
      'peers_differing',
      'Of the leader: peers whose configuration differs from its own where it has to be alike.',
      ({ peers }) => peers.differing,
    );
  }

  /** From now on the numbers are read there, at each scrape. */
  follow(read: () => RouteFacts): void {
    this.read = read;
  }

  gaveStale(): void {
    this.staleRoutes.inc();
  }
}
