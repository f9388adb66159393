import {
  Client,
  type ChannelCredentials,
  credentials,
  type Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { reasonIn } from '#contracts';
import type { Leader } from '#engine';
import { RETRY } from './forwarder.js';
import { isReachedByTls, type PeerTrust } from './leader-reach.js';

/** A page of 1,000 models has some MB. */
const MAX_ANSWER = 64 * 2 ** 20;

const OPTIONS = {
  'grpc.max_receive_message_length': MAX_ANSWER,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  // A leader that is back is found soon.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
};

/** What a leader is asked over gRPC. */
export interface GrpcCall {
  /** Of the method. */
  readonly path: string;
  readonly request: Buffer;
  readonly metadata: Metadata;
  /** Milliseconds since 1970; Infinity: none. */
  readonly deadline: number;
}

/** What it answered: a message, or the status of a refusal. */
export interface GrpcAnswer {
  readonly message: Buffer | null;
  readonly refusal: ServiceError | null;
  /** Of the message. */
  readonly trailers: Metadata | null;
}

/** How a call fails that never had an answer of the leader. */
const UNANSWERED: ReadonlySet<status> = new Set([
  ...[status.UNAVAILABLE, status.INTERNAL, status.CANCELLED, status.UNKNOWN],
]);

/** A connection over gRPC to whichever peer leads. */
export class GrpcLink {
  private client: { readonly address: string; readonly http: string; readonly to: Client } | null = null;

  constructor(private readonly trust: PeerTrust) {}

  /** Asks a leader. `RETRY` as in `HttpLink.ask`. */
  async ask(leader: Leader, call: GrpcCall, over: AbortSignal): Promise<GrpcAnswer | typeof RETRY> {
    if (over.aborted) return RETRY;
    try {
      return await this.answered(this.to(leader), call, over);
    } catch {
      return RETRY;
    }
  }

  private answered(
    client: Client,
    { path, request, metadata, deadline }: GrpcCall,
    over: AbortSignal,
  ): Promise<GrpcAnswer | typeof RETRY> {
    return new Promise((resolve) => {
      let message: Buffer | null = null;
      let refusal: ServiceError | null = null;
      const bytes = (value: Buffer): Buffer => value;
      const sent = client.makeUnaryRequest(
        path,
        bytes,
        bytes,
        request,
        metadata,
        { deadline },
        (error, answer) => {
          if (error) refusal = error;
          else message = answer ?? null;
        },
      );
      const cancel = (): void => sent.cancel();
      over.addEventListener('abort', cancel);
      sent.on('status', ({ metadata: trailers }) => {
        over.removeEventListener('abort', cancel);
        resolve(refusal !== null && isAgain(refusal) ? RETRY : { message, refusal, trailers });
      });
    });
  }

  close(): void {
    this.client?.to.close();
    this.client = null;
  }

  /** The client that leads to a leader. Throws as `isReachedByTls`. */
  to(leader: Leader): Client {
    const { grpc: address, http } = leader;
    if (this.client?.address === address && this.client.http === http) return this.client.to;
    this.close();
    const to = new Client(address, channelTo(leader, this.trust), OPTIONS);
    this.client = { address, http, to };
    return to;
  }
}

/** What a channel to a leader is opened with. Throws as `isReachedByTls`. */
function channelTo(leader: Leader, trust: PeerTrust): ChannelCredentials {
  if (!isReachedByTls(leader, trust)) return credentials.createInsecure();
  return credentials.createSsl(trust.ca === null ? null : Buffer.from(trust.ca));
}

/** Each refusal of a Berth tells its reason. */
function isAgain({ code, metadata }: ServiceError): boolean {
  const reason = reasonIn(metadata.get('grpc-status-details-bin')[0]);
  if (reason === null) return UNANSWERED.has(code);
  return reason === 'NO_LEADER' || reason === 'SHUTTING_DOWN';
}
