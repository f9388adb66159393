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
import { AGAIN } from './forwarder.js';

/** A page of 1,000 models has some MB. */
const MOST_ANSWER = 64 * 2 ** 20;

const OPTIONS = {
  'grpc.max_receive_message_length': MOST_ANSWER,
  'grpc.use_local_subchannel_pool': 1,
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
  private client: { readonly address: string; readonly to: Client } | null = null;

  /** @param ca the authority of the peers' certificates, PEM; null: those that Node knows. */
  constructor(private readonly ca: string | null) {}

  /** Asks a leader. `AGAIN` as in `HttpLink.ask`. */
  ask(leader: Leader, call: GrpcCall, over: AbortSignal): Promise<GrpcAnswer | typeof AGAIN> {
    const client = this.clientOf(leader);
    const { path, request, metadata, deadline } = call;
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
        resolve(refusal !== null && isAgain(refusal) ? AGAIN : { message, refusal, trailers });
      });
    });
  }

  close(): void {
    this.client?.to.close();
    this.client = null;
  }

  /** A leader that serves HTTP over TLS serves gRPC so, too. */
  private clientOf({ grpc: address, http }: Leader): Client {
    if (this.client?.address === address) return this.client.to;
    this.close();
    const trust = http.startsWith('https:') ? this.trusted() : credentials.createInsecure();
    this.client = { address, to: new Client(address, trust, OPTIONS) };
    return this.client.to;
  }

  private trusted(): ChannelCredentials {
    return credentials.createSsl(this.ca === null ? null : Buffer.from(this.ca));
  }
}

/** Each refusal of a Berth tells its reason. */
function isAgain({ code, metadata }: ServiceError): boolean {
  const reason = reasonIn(metadata.get('grpc-status-details-bin')[0]);
  if (reason === null) return UNANSWERED.has(code);
  return reason === 'NO_LEADER' || reason === 'SHUTTING_DOWN';
}
