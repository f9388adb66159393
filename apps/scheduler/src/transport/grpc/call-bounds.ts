import type { Socket } from 'node:net';
import type { ServerHttp2Stream } from 'node:http2';
import {
  type Metadata,
  type ServerInterceptor,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type status,
} from '@grpc/grpc-js';
import { credentialOverGrpc } from '../access/principals.js';
import { Refused } from '../errors/refused.js';
import type { RpcErrors } from '../errors/rpc-errors.js';
import type { Ends } from '../limits/sockets-by-address.js';
import type { Unfinished } from '../limits/unfinished.js';
import { trailersOf } from './not-durable.js';

/** The longest metadata of a call, in bytes as HTTP/2 counts them. HTTP takes headers of the same length. */
const MAX_METADATA = 16 * 2 ** 10;
const AROUND_ENTRY = 32;

const TOO_LONG = new Refused({
  reason: 'too_large',
  detail: 'the metadata of a call may have at most 16 KiB',
});

/** How a call is refused. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** A call that has begun. */
export interface Begun {
  /** Its connection; undefined where that has closed already. */
  readonly socket: Socket | undefined;
  /** To be called when its answer is sent: from then on it waits to be taken. */
  readonly answers: () => void;
  /** To be called when it has ended. */
  readonly ended: () => void;
}

/** Is told of each call. */
export type OnCall = (peer: Ends, path: string) => Begun;

/** What a call is judged by before anything of its message is read. */
export interface JudgedCall {
  /** Of its method. */
  readonly path: string;
  readonly socket: Socket | undefined;
  readonly inner: ServerInterceptingCallInterface;
}

/** Lets a call go on, or ends it with a refusal. */
export type Guard = (call: JudgedCall, metadata: Metadata, go: (metadata: Metadata) => void) => void;

/**
 * Refuses calls with too long metadata, tells when calls begin and end, has the guard judge the others, and bounds their
 * messages. Answers without a body say by a trailer where a write is not durable.
 */
export function callBounds(
  onCall: OnCall,
  errors: RpcErrors,
  guard: Guard,
  unfinished: Unfinished,
): ServerInterceptor {
  return ({ path, requestStream, responseStream }, inner) => {
    const { socket, answers, ended } = onCall(inner.getConnectionInfo(), path);
    const { stream, refuse, cut } = endsOf(inner, errors);
    let received: Metadata | undefined;
    let isWhole: (() => void) | undefined;
    return new ServerInterceptingCall(inner, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, go) => {
            received = metadata;
            if (lengthOf(metadata) > MAX_METADATA) return refuse(TOO_LONG);
            guard({ path, socket, inner }, metadata, (admitted) => {
              const owner = { connection: socket ?? '', credential: credentialOverGrpc(admitted) };
              isWhole = unfinished.messages(stream, owner, cut);
              go(admitted);
            });
          },
          onReceiveMessage: (message, go) => {
            if (requestStream) isWhole?.();
            go(message);
          },
          onCancel: ended,
        }),
      sendMessage: (message, next) => {
        // A stream goes on after its messages.
        if (!responseStream) answers();
        next(message);
      },
      sendStatus: (status, next) => {
        next({ ...status, metadata: trailersOf(received, status.metadata) });
      },
    });
  };
}

/** How a call is ended. What has come of a message is held until its stream is closed. */
function endsOf(inner: ServerInterceptingCallInterface, errors: RpcErrors) {
  // No other interceptor is below this one.
  const { stream } = inner as unknown as { readonly stream: ServerHttp2Stream };
  const refuse = (error: Refused): void => inner.sendStatus(errors.of(error) as Refusal);
  const cut = (error: Refused): void => {
    refuse(error);
    stream.close();
  };
  return { stream, refuse, cut };
}

function lengthOf(metadata: Metadata): number {
  let length = 0;
  for (const [key, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of [values].flat()) length += key.length + String(value).length + AROUND_ENTRY;
  }
  return length;
}
