import { Inject, Injectable } from '@nestjs/common';
import type { RouteServerMessage } from '#contracts';
import type { Instant } from '#core';
import type { ResolveQuery } from '#engine';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { WatchedTable } from '../../cluster/replication/watched-table.js';
import { Refused } from '../../transport/errors/refused.js';
import { LeaderRoutes } from '../leader-routes.js';
import type { Asked } from './asked.js';

/** What was foretold of a model stands so long. */
const FORETOLD_FOR_MS = 1_000;
/** Bound of models of which that is remembered. */
const MAX_FORETOLD = 1_000;

/** A request that asks whether a model is ready goes on as one that asks whether its server is: the answers have the same form. */
const SERVER_READY = {
  http: '/v2/health/ready',
  grpc: '/inference.GRPCInferenceService/ServerReady',
} as const;

/** Answers what starts nothing: where a copy is present, and whether one could be loaded. */
@Injectable()
export class PresentCopies {
  private turn = 0;
  private readonly foretold = new Map<string, { readonly at: Instant; readonly refusal: Refused | null }>();

  constructor(
    @Inject(WatchedTable) private readonly routes: WatchedTable,
    @OfTerm(LeaderRoutes) private readonly led: PerTerm<LeaderRoutes>,
  ) {}

  /**
   * The server that answers for a model, and the path there where it takes the place of the one that was asked for. A model that could
   * be loaded in time is ready, so that clients which ask first do ask for an inference. Refuses where there is no answer.
   */
  of({ kind, protocol }: Asked, query: ResolveQuery): [server: RouteServerMessage, path?: string] {
    const { leading } = this.led;
    const present = leading ? leading.present(query) : this.routes.table.present(query);
    if (present) return [present];
    if (kind === 'statistics') throw new Refused({ reason: 'loading', detail: 'no copy is ready' });
    const refusal = leading && this.refusalOf(leading, query.model);
    if (refusal) throw refusal;
    return [this.anyServer(), SERVER_READY[protocol]];
  }

  /** A server that takes requests, another one each time. */
  anyServer(): RouteServerMessage {
    const { leading } = this.led;
    const servers = leading
      ? leading.up
      : [...this.routes.table.servers.values()].map(({ server }) => server);
    const server = servers[this.turn++ % Math.max(1, servers.length)];
    if (!server) throw new Refused({ reason: 'no_server', retryAfter: 1_000 });
    return server;
  }

  /** How long a request for a cold model may wait, in milliseconds; undefined: the leader alone knows. */
  longestWait(model: string): number | undefined {
    return this.led.leading?.longestWait(model);
  }

  /** Why a request for a cold model would not be served; null: it would be. */
  private refusalOf(leading: LeaderRoutes, model: string): Refused | null {
    const now = this.routes.now();
    const known = this.foretold.get(model);
    if (known && now - known.at < FORETOLD_FOR_MS) return known.refusal;
    if (this.foretold.size >= MAX_FORETOLD) this.foretold.clear();
    const { refusal, predictedWait } = leading.foretold(model);
    const isLate = predictedWait !== null && predictedWait > leading.longestWait(model);
    const reason = refusal ?? (isLate ? 'deadline_unreachable' : null);
    const refused = reason && new Refused({ reason, retryAfter: predictedWait });
    this.foretold.set(model, { at: now, refusal: refused });
    return refused;
  }
}
