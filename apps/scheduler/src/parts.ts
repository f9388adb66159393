import type { Logger } from 'pino';
import type { ModelSpec, ServerConfig } from '#config';
import type { Access } from '#access';
import type { Clock } from '#engine';
import type { Store } from '#kept';
import type { Lookup } from './addresses.js';
import type { Names } from './discovery/names.js';
import type { Random } from './errors/retry-hint.js';
import type { OpenServer } from './fleet/links.js';
import type { Peers, Served } from './reigns/peers.js';
import type { Courier } from './telling/courier.js';
import type { ProcessGauge } from './pressure/process-gauge.js';
import type { WallClock } from './wall-times.js';

/** Servers and models that are there without being declared: laid under the file, never stored. */
export interface Demo {
  readonly servers: readonly ServerConfig[];
  readonly models: Readonly<Record<string, ModelSpec>>;
  /** What it is, for people. */
  readonly words: string;
  close(): Promise<void>;
}

/** What a scheduler is made of; each can be handed in, as tests do. */
export interface SchedulerParts {
  readonly clock: Clock;
  readonly wallNow: WallClock;
  readonly random: Random;
  /** Finds the callers of operations; null: those of the configuration. */
  readonly access: Access | null;
  readonly log: Logger;
  /** Opens the store in a folder, for a process without peers. It is closed with the scheduler. */
  readonly openStore: (folder: string) => Promise<Store>;
  /**
   * Opens what this process leads and follows by, once it is served there; null: it has no peers. `onLostWrites` hears how many
   * writes the store has lost.
   */
  readonly openPeers: ((served: Served, onLostWrites: (count: number) => void) => Promise<Peers>) | null;
  readonly openServer: OpenServer;
  /** Finds the addresses on which HTTP and gRPC are served. */
  readonly lookup: Lookup;
  /** Where servers are found by their names. */
  readonly names: Names;
  /** In ms: so often DNS is asked. */
  readonly discoverEveryMs: number;
  /** Posts events to the endpoints of the configuration. */
  readonly courier: Courier;
  /** Tells when events are to be sent again. It is no other part's: a clock has one alarm. */
  readonly courierClock: Clock;
  /** Starts what is shown where nothing may bring servers; null: then there are none. */
  readonly startDemo: (() => Promise<Demo>) | null;
  /** Whether the metrics tell of the process too. */
  readonly processMetrics: boolean;
  /** Shows how hard our own work presses this process; null: it is not measured. */
  readonly gauge: ProcessGauge | null;
}
