import type {
  Metadata,
  sendUnaryData,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ANONYMOUS } from '#access';
import { principalOverGrpc } from '../access/principals.js';
import { Refused } from '../errors/refused.js';
import type { RpcErrors } from '../errors/rpc-errors.js';
import { PEER } from '../forwarding/peer-key.js';
import { NO_LEADER } from '../lifecycle.js';
import type { Running } from '../running.js';
import { AGAIN_MS, type GatewayStream, MOST_GATEWAYS } from './gateway-desk.js';
import { MOST_PEERS } from './peer-desk.js';
import type { RouteEvent } from './route-event.js';
import { readReport, readWatch, type WatchCall } from './watch-requests.js';

type WatchStream = ServerWritableStream<unknown, RouteEvent>;
type ReportCall = ServerUnaryCall<unknown, object>;

/** WatchRoutes and ReportUsage, as raw handlers. */
export function watchHandlers(running: Running, errors: RpcErrors): UntypedServiceImplementation {
  return {
    watchRoutes: (stream: WatchStream) => {
      watch(stream, running, errors).catch((error: unknown) => stream.emit('error', errors.of(error)));
    },
    reportUsage: (call: ReportCall, callback: sendUnaryData<object>) => {
      try {
        report(call, running);
        callback(null, {});
      } catch (error) {
        callback(errors.of(error));
      }
    },
  };
}

async function watch(stream: WatchStream, running: Running, errors: RpcErrors): Promise<void> {
  running.lasting.lifecycle.admit();
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
    end: (cause) => void stream.emit('error', errors.of(cause ?? farewell(running))),
  };
  const leave =
    call.peer === null
      ? watchAsGateway(stream, to, call, running)
      : await watchAsPeer(stream, to, call, running);
  if (hasEnded) leave();
  else left = leave;
}

/** Only the leader tells peers, and only after it is stored that they may have a table. */
async function watchAsPeer(
  { metadata }: WatchStream,
  to: GatewayStream,
  { watcher, have, peer }: WatchCall,
  running: Running,
): Promise<() => void> {
  demandPeer(metadata);
  if (have !== null) running.following?.noteTerm(have.term);
  const { watching } = running.now;
  if (!watching.hasPeers) throw NOT_A_PEER;
  if (!watching.desk.takes(watcher)) throw busy(`at most ${MOST_PEERS} peers may watch`);
  const leave = await watching.open(watcher, to, have, peer!.configHash);
  if (peer!.configHash !== running.following?.configHash())
    running.lasting.log.warn({ peer: watcher }, 'a peer has another configuration than this leader');
  return leave;
}

/** Any peer tells gateways of its table. A gateway that does not read is told again once it does. */
function watchAsGateway(
  stream: WatchStream,
  to: GatewayStream,
  { have }: WatchCall,
  { lasting, leading }: Running,
): () => void {
  const { gateways, now, publisher, table } = lasting.routes;
  if (!gateways.makeRoom(to.credential)) throw busy(`at most ${MOST_GATEWAYS} gateways may watch one Berth`);
  leading?.watching.expectGateway();
  if (!table.isReady) throw new Refused(NO_LEADER);
  stream.on('drain', () => publisher.flushAll(now()));
  return gateways.open(to, have, now());
}

/** Why a stream is ended: the process ends, or knows no leader. */
function farewell({ lasting }: Running): unknown {
  try {
    lasting.lifecycle.admit();
    return new Refused(NO_LEADER);
  } catch (error) {
    return error;
  }
}

function report({ metadata, request }: ReportCall, running: Running): void {
  const { lifecycle, routes } = running.lasting;
  lifecycle.admit();
  const { watcher, uses, doubted, peer } = readReport(request);
  if (peer === null) {
    routes.noteUses(uses);
    if (doubted.length > 0) running.doubt(doubted);
    return;
  }
  demandPeer(metadata);
  running.now.watching.report(watcher, { ...peer, uses, doubted });
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

const busy = (detail: string): Refused => new Refused({ reason: 'busy', detail, retryAfter: AGAIN_MS });
