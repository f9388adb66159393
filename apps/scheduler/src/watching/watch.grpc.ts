import type {
  sendUnaryData,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Principal } from '#access';
import type { Instant, ServerId } from '#core';
import { principalOverGrpc } from '../access/principals.js';
import { Refused } from '../errors/refused.js';
import type { RpcErrors } from '../errors/rpc-errors.js';
import type { WatchedTable } from '../following/watched-table.js';
import { NO_LEADER } from '../lifecycle.js';
import { type GatewayStream, MOST_GATEWAYS } from './gateway-desk.js';
import { MOST_PEERS } from './peer-desk.js';
import type { RouteEvent } from './route-event.js';
import { readReport, readWatch, type WatchCall } from './watch-requests.js';
import type { Watching } from './watching.js';

/** So soon a watcher may try again that was refused for a bound. */
const AGAIN_MS = 10_000;

/** What watchers meet. */
export interface WatchParts {
  readonly errors: RpcErrors;
  readonly now: () => Instant;
  readonly own: WatchedTable;
  /** The leader's part; null: this process does not lead. */
  readonly leading: () => Watching | null;
  /** Refuses where the process ends. */
  readonly admit: () => void;
  /** Whether a caller may watch as a peer. */
  readonly isPeer: (caller: Principal) => boolean;
  /** A peer has a table of a leader of this term. */
  readonly noteTerm: (term: number) => void;
  /** The leader is to hear that callers have just failed on these servers. */
  readonly doubt: (servers: readonly ServerId[]) => void;
}

type WatchStream = ServerWritableStream<unknown, RouteEvent>;
type ReportCall = ServerUnaryCall<unknown, object>;

/** WatchRoutes and ReportUsage, as raw handlers. */
export function watchHandlers(parts: WatchParts): UntypedServiceImplementation {
  return {
    watchRoutes: (stream: WatchStream) => {
      watch(stream, parts).catch((error: unknown) => stream.emit('error', parts.errors.of(error)));
    },
    reportUsage: (call: ReportCall, callback: sendUnaryData<object>) => {
      try {
        report(call, parts);
        callback(null, {});
      } catch (error) {
        callback(parts.errors.of(error));
      }
    },
  };
}

async function watch(stream: WatchStream, parts: WatchParts): Promise<void> {
  parts.admit();
  const call = readWatch(stream.request);
  let hasEnded = false;
  let left: (() => void) | undefined;
  for (const end of ['cancelled', 'error', 'close'] as const)
    stream.on(end, () => {
      hasEnded = true;
      left?.();
    });
  const leave =
    call.peer === null ? watchAsGateway(stream, call, parts) : await watchAsPeer(stream, call, parts);
  if (hasEnded) leave();
  else left = leave;
}

/** Only the leader tells peers, and only after it is stored that they may have a table. */
async function watchAsPeer(
  stream: WatchStream,
  { watcher, have, peer }: WatchCall,
  parts: WatchParts,
): Promise<() => void> {
  const { isPeer, leading } = parts;
  if (!isPeer(principalOverGrpc(stream.metadata))) throw NOT_A_PEER;
  if (have !== null) parts.noteTerm(have.term);
  const watching = leading();
  if (watching === null) throw new Refused(NO_LEADER);
  if (!watching.hasPeers) throw NOT_A_PEER;
  if (!watching.desk.takes(watcher)) throw busy(`at most ${MOST_PEERS} peers may watch`);
  return await watching.open(watcher, streamTo(stream, parts), have, peer!.configHash);
}

/** Any peer tells gateways of its table. A gateway that does not read is told again once it does. */
function watchAsGateway(stream: WatchStream, { have }: WatchCall, parts: WatchParts): () => void {
  const { leading, now, own } = parts;
  if (own.gateways.size >= MOST_GATEWAYS) throw busy(`at most ${MOST_GATEWAYS} gateways may watch one Berth`);
  leading()?.expectGateway();
  if (!own.table.isReady) throw new Refused(NO_LEADER);
  stream.on('drain', () => own.publisher.flushAll(now()));
  return own.gateways.open(streamTo(stream, parts), have, now());
}

const streamTo = (stream: WatchStream, parts: WatchParts): GatewayStream => ({
  get isFree() {
    return !stream.writableNeedDrain;
  },
  write: (event) => void stream.write(event),
  end: () => stream.emit('error', parts.errors.of(farewell(parts))),
});

/** Why a stream is ended: the process ends, or knows no leader. */
function farewell({ admit }: WatchParts): unknown {
  try {
    admit();
    return new Refused(NO_LEADER);
  } catch (error) {
    return error;
  }
}

function report(call: ReportCall, parts: WatchParts): void {
  parts.admit();
  const { watcher, uses, doubted, peer } = readReport(call.request);
  if (peer === null) {
    parts.own.noteUses(uses);
    if (doubted.length > 0) parts.doubt(doubted);
    return;
  }
  if (!parts.isPeer(principalOverGrpc(call.metadata))) throw NOT_A_PEER;
  const watching = parts.leading();
  if (watching === null) throw new Refused(NO_LEADER);
  watching.report(watcher, { ...peer, uses, doubted });
}

const NOT_A_PEER = new Refused({
  reason: 'not_allowed',
  detail: 'peer: only a peer of this Berth may say it is one',
});

const busy = (detail: string): Refused => new Refused({ reason: 'busy', detail, retryAfter: AGAIN_MS });
