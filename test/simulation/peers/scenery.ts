import type { ServerId } from '#core';
import type { Agenda } from '#triton-simulator';
import type { Site } from '../site.js';
import type { Trail } from '../trail.js';
import type { Network } from './network.js';
import type { PeersPlan } from './peers-plan.js';
import type { SimRedis } from './redis/sim-redis.js';
import type { Referee } from './referee.js';
import type { Succession } from './succession.js';

/** What all peers of a world share. */
export interface Scenery {
  readonly plan: PeersPlan;
  readonly agenda: Agenda;
  readonly trail: Trail;
  readonly sites: ReadonlyMap<string, Site>;
  readonly redis: SimRedis;
  readonly network: Network;
  readonly referee: Referee;
  readonly succession: Succession;
  /** Which term a term is, counted from 1. */
  readonly lifeOf: (term: number) => number;
  readonly addressOf: (server: ServerId) => ReturnType<typeof addressOf>;
}

/** What routes tell of a server. */
export const addressOf = (id: ServerId) => ({ id, grpc: `${id}:8001`, http: null, labels: {} });
