import type {
  Metadata,
  sendUnaryData,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { ANONYMOUS } from '#access';
import { principalOverGrpc } from '../transport/access/principals.js';
import { Refused } from '../transport/errors/refused.js';
import { RpcErrors } from '../transport/errors/rpc-errors.js';
import { PEER } from '../transport/access/peer-key.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { Lifecycle, NO_LEADER } from '../transport/lifecycle.js';
import { LOG } from '../transport/nest-log.js';
import { Terms } from '../cluster/leadership/per-term.js';
import { RouteFeed } from '../cluster/replication/route-feed.js';
import {
  RETRY_AFTER_MS,
  type GatewayStream,
  MAX_GATEWAYS,
} from '../cluster/replication/gateway-subscriptions.js';
import { MAX_PEERS } from '../cluster/replication/peer-subscriptions.js';
import type { RouteEvent } from '../cluster/replication/route-event.js';
import { readReport, readWatch, type WatchCall } from './watch-requests.js';

type WatchStream = ServerWritableStream<unknown, RouteEvent>;
type ReportCall = ServerUnaryCall<unknown, object>;

/** WatchRoutes and ReportUsage: raw handlers, since Nest serves the package of Admin alone. */
@Injectable()
export class WatchRpc {
  constructor(
    @Inject(RpcErrors) private readonly errors: RpcErrors,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(LOG) private readonly log: Pick<Logger, 'warn'>,
    @Inject(Terms) private readonly terms: Terms,
    @Inject(WatchedTable) private readonly routes: WatchedTable,
  ) {}

  handlers(): UntypedServiceImplementation {
    return {
      watchRoutes: (stream: WatchStream) => {
        this.watch(stream).catch((error: unknown) => stream.emit('error', this.errors.of(error)));
      },
      reportUsage: (call: ReportCall, callback: sendUnaryData<object>) => {
        try {
          this.report(call);
          callback(null, {});
        } catch (error) {
          callback(this.errors.of(error));
        }
      },
    };
  }

  private async watch(stream: WatchStream): Promise<void> {
    this.lifecycle.admit();
    const call = readWatch(stream.request);
    let hasEnded = false;
    let left: (() => void) | undefined;
    for (const end of ['cancelled', 'error', 'close'] as const)
      stream.on(end, () => {
        hasEnded = true;
        left?.();
      });
    const to: GatewayStream = {
      credential: principalOverGrpc(stream.metadata).credential,
      get isFree() {
        return !stream.writableNeedDrain;
      },
      write: (event: RouteEvent) => void stream.write(event),
      end: (cause) => void stream.emit('error', this.errors.of(cause ?? this.farewell())),
    };
    const leave =
      call.peer === null ? this.watchAsGateway(stream, to, call) : await this.watchAsPeer(stream, to, call);
    if (hasEnded) leave();
    else left = leave;
  }

  /** Only the leader tells peers, and only after it is stored that they may have a table. */
  private async watchAsPeer(
    { metadata }: WatchStream,
    to: GatewayStream,
    { watcher, have, peer }: WatchCall,
  ): Promise<() => void> {
    const { following } = this.terms;
    demandPeer(metadata);
    if (have !== null) following?.noteTerm(have.term);
    const routeFeed = this.terms.now.get(RouteFeed);
    if (!routeFeed.hasPeers) throw NOT_A_PEER;
    if (!routeFeed.subscriptions.takes(watcher)) throw busy(`at most ${MAX_PEERS} peers may watch`);
    const leave = await routeFeed.open(watcher, to, have, peer!.configHash);
    if (peer!.configHash !== following?.configHash())
      this.log.warn({ peer: watcher }, 'a peer has another configuration than this leader');
    return leave;
  }

  /** Any peer tells gateways of its table. A gateway that does not read is told again once it does. */
  private watchAsGateway(stream: WatchStream, to: GatewayStream, { have }: WatchCall): () => void {
    const { gateways, now, publisher, table } = this.routes;
    if (!gateways.makeRoom(to.credential)) throw busy(`at most ${MAX_GATEWAYS} gateways may watch one Berth`);
    this.terms.leading?.get(RouteFeed).expectGateway();
    if (!table.isReady) throw new Refused(NO_LEADER);
    stream.on('drain', () => publisher.flushAll(now()));
    return gateways.open(to, have, now());
  }

  /** Why a stream is ended: the process ends, or knows no leader. */
  private farewell(): unknown {
    try {
      this.lifecycle.admit();
      return new Refused(NO_LEADER);
    } catch (error) {
      return error;
    }
  }

  private report({ metadata, request }: ReportCall): void {
    this.lifecycle.admit();
    const { watcher, uses, doubted, peer } = readReport(request);
    if (peer === null) {
      this.routes.noteUses(uses);
      if (doubted.length > 0) this.terms.doubt(doubted);
      return;
    }
    demandPeer(metadata);
    this.terms.now.get(RouteFeed).report(watcher, { ...peer, uses, doubted });
  }
}

/** Where callers have no credentials each may be a peer: only this machine calls then. */
function demandPeer(metadata: Metadata): void {
  const caller = principalOverGrpc(metadata);
  if (caller !== PEER && caller !== ANONYMOUS) throw NOT_A_PEER;
}

const NOT_A_PEER = new Refused({
  reason: 'not_allowed',
  detail: 'peer: only a peer of this Berth may say it is one',
});

const busy = (detail: string): Refused => new Refused({ reason: 'busy', detail, retryAfter: RETRY_AFTER_MS });
