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
import { Lifecycle } from '../transport/lifecycle.js';
import { LOG } from '../transport/nest-log.js';
import { Terms } from '../cluster/leadership/per-term.js';
import { RouteFeed } from '../cluster/replication/route-feed.js';
import type { GatewayName, GatewayStream } from '../cluster/replication/gateway-subscriptions.js';
import { MAX_PEERS } from '../cluster/replication/peer-subscriptions.js';
import type { RouteEvent } from '../cluster/replication/route-event.js';
import { busy, GatewayRoutes } from './gateway-routes.js';
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
    @Inject(GatewayRoutes) private readonly gateways: GatewayRoutes,
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
      ...gatewayOf(stream, call.watcher),
      get isFree() {
        return !stream.writableNeedDrain;
      },
      write: (event: RouteEvent) => void stream.write(event),
      end: (cause) => void stream.emit('error', this.errors.of(cause ?? this.lifecycle.farewell())),
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

  private watchAsGateway(stream: WatchStream, to: GatewayStream, { have }: WatchCall): () => void {
    stream.on('drain', () => this.gateways.flush());
    return this.gateways.watch(to, have);
  }

  private report(call: ReportCall): void {
    this.lifecycle.admit();
    const { watcher, uses, doubted, acknowledged, peer } = readReport(call.request);
    if (peer === null) return this.gateways.report(gatewayOf(call, watcher), { uses, doubted, acknowledged });
    demandPeer(call.metadata);
    this.terms.now.get(RouteFeed).report(watcher, { ...peer, uses, doubted });
  }
}

const gatewayOf = ({ metadata }: { readonly metadata: Metadata }, watcher: string): GatewayName => ({
  watcher,
  credential: principalOverGrpc(metadata).credential,
});

/** Where callers have no credentials each may be a peer: only this machine calls then. */
function demandPeer(metadata: Metadata): void {
  const caller = principalOverGrpc(metadata);
  if (caller !== PEER && caller !== ANONYMOUS) throw NOT_A_PEER;
}

const NOT_A_PEER = new Refused({
  reason: 'not_allowed',
  detail: 'peer: only a peer of this Berth may say it is one',
});
