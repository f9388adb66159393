import {
  Metadata,
  type ServerInterceptor,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  status,
} from '@grpc/grpc-js';
import { MalformedRequest, requestWriters } from '#contracts';
import type { Leader } from '#engine';
import { isReading } from '../../transport/access/operations.js';
import { principalOverGrpc } from '../../transport/access/principals.js';
import { Refused } from '../../transport/errors/refused.js';
import type { RpcErrors } from '../../transport/errors/rpc-errors.js';
import type { Refusal } from '../../transport/grpc/call-bounds.js';
import { malformed } from '../../transport/grpc/requests.js';
import { NO_LEADER } from '../../transport/lifecycle.js';
import type { Untaken } from '../../transport/limits/untaken.js';
import { RETRY, type Forwarder, type Times, timesFrom } from './forwarder.js';
import type { GrpcAnswer, GrpcCall, GrpcLink } from './grpc-link.js';
import { FORWARDED, type PeerKey } from '../../transport/access/peer-key.js';

/** The metadata of a call that the leader is told, and of an answer that the caller is told. */
const TOLD = ['idempotency-key', 'if-match', 'if-none-match'];
const TOLD_BACK = ['berth-durable', 'grpc-status-details-bin', 'grpc-retry-pushback-ms'];

/** A call as a peer has received it. */
export interface ReceivedCall {
  readonly path: string;
  readonly metadata: Metadata;
  /** Milliseconds since 1970; Infinity: none. */
  readonly deadline: number;
  /** `address:port` of its caller. */
  readonly peer: string;
  readonly signal: AbortSignal;
}

/** Hands calls over gRPC to the leader. */
export class GrpcForward {
  private readonly writers = requestWriters();

  constructor(
    private readonly forwarder: Forwarder,
    private readonly link: GrpcLink,
    private readonly key: PeerKey,
  ) {}

  /** Whether calls of this method can be handed on: those with one request and one answer. */
  takes(path: string): boolean {
    return this.writers.has(path);
  }

  /**
   * The answer of the leader. `next` gives the request of each try. Rejects with a refusal where no leader answers, or where a
   * peer has handed the call on already.
   */
  async send(
    { path, metadata, deadline, signal, peer }: ReceivedCall,
    next: () => object,
    times: Times = timesFrom(deadline - Date.now()),
  ): Promise<GrpcAnswer> {
    if (metadata.get(FORWARDED).length > 0) throw new Refused(NO_LEADER);
    const write = this.writers.get(path)!;
    const caller = { principal: principalOverGrpc(metadata), address: addressIn(peer) };
    const told = this.key.handedOn(caller, TOLD, (name) => metadata.get(name)[0]?.toString());
    return await this.forwarder.send<GrpcAnswer>({
      ...times,
      next: () => write(next()),
      signal,
      ask: (leader, request, over) =>
        this.asked(leader, { path, request, metadata: Metadata.fromHttp2Headers(told), deadline }, over),
    });
  }

  /** As over HTTP. */
  private async asked(leader: Leader, call: GrpcCall, over: AbortSignal): Promise<GrpcAnswer | typeof RETRY> {
    const answer = await this.link.ask(leader, call, over);
    const isUnknown = answer !== RETRY && answer.refusal?.code === status.UNAUTHENTICATED;
    return isUnknown && this.key.isSet ? this.forwarder.unknownTo(leader) : answer;
  }
}

/** grpc-js tells `address:port`, without brackets, and `unknown` where there is none. */
export const addressIn = (peer: string): string | null => /^(.*):[0-9]+$/.exec(peer)?.[1] ?? null;

/** What of the metadata of an answer its caller is told. */
export function toldBack(given: Metadata | null | undefined): Metadata {
  const metadata = new Metadata();
  for (const name of TOLD_BACK) for (const value of given?.get(name) ?? []) metadata.set(name, value);
  return metadata;
}

/** What hands calls on where this process does not lead; null: it has no peers. */
interface Forwarding {
  readonly leading: object | null;
  readonly following: { readonly grpc: GrpcForward } | null;
}

/**
 * Where this process does not lead, has the leader answer the calls of these services before anything is made of them. `isOwn`
 * tells the methods that every peer answers by itself.
 */
export function forwardGrpc(
  forwarding: Forwarding,
  untaken: Untaken,
  errors: RpcErrors,
  isOwn: (path: string) => boolean,
): ServerInterceptor {
  return ({ path }, inner) => {
    const { following, leading } = forwarding;
    if (leading !== null || following === null || isOwn(path) || !following.grpc.takes(path))
      return new ServerInterceptingCall(inner);
    const gone = new AbortController();
    let metadata = new Metadata();
    return new ServerInterceptingCall(inner, {
      start: (next) =>
        next({
          onReceiveMetadata: (received, go) => go((metadata = received)),
          onReceiveMessage: (message: object) => {
            const call = { path, metadata, peer: inner.getPeer(), signal: gone.signal };
            const deadline = deadlineOf(inner);
            const answer = async (): Promise<void> => {
              if (message instanceof MalformedRequest) throw malformed(message);
              const { credential } = principalOverGrpc(metadata);
              const of = { connection: call.peer, credential, isRead: isReading(path), ended: gone.signal };
              const make = () => following.grpc.send({ ...call, deadline }, () => message);
              tell(inner, await untaken.answer(of, make, ({ message: told }) => told?.length ?? 0));
            };
            answer().catch((error: unknown) => inner.sendStatus(errors.of(error) as Refusal));
          },
          onCancel: () => gone.abort(),
        }),
    });
  };
}

function deadlineOf(call: ServerInterceptingCallInterface): number {
  const deadline = call.getDeadline();
  return deadline === Infinity ? Infinity : Number(deadline);
}

function tell(call: ServerInterceptingCallInterface, { message, refusal, trailers }: GrpcAnswer): void {
  if (refusal !== null) {
    const { code, details, metadata } = refusal;
    return call.sendStatus({ code, details, metadata: toldBack(metadata) });
  }
  call.sendMetadata(new Metadata());
  call.sendMessage(message, () =>
    call.sendStatus({ code: status.OK, details: '', metadata: toldBack(trailers) }),
  );
}
