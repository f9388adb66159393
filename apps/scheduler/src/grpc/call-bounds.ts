import type { Socket } from 'node:net';
import {
  type Metadata,
  type ServerInterceptor,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type status,
} from '@grpc/grpc-js';
import type { Ends } from '../sockets-by-address.js';
import { trailersOf } from '../writes/not-durable.js';

/** The longest metadata of a call, in bytes as HTTP/2 counts them. HTTP takes headers of the same length. */
const MOST_METADATA = 16 * 2 ** 10;
const AROUND_ENTRY = 32;

export const METADATA_RULE = 'the metadata of a call may have at most 16 KiB';

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
export type OnCall = (peer: Ends) => Begun;

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
 * Refuses calls with too long metadata, tells when calls begin and end, and has the guard judge the others. Answers without a
 * body say by a trailer where a write is not durable.
 */
export function callBounds(onCall: OnCall, refusal: () => Refusal, guard: Guard): ServerInterceptor {
  return ({ path, responseStream }, inner) => {
    const { socket, answers, ended } = onCall(inner.getConnectionInfo());
    let received: Metadata | undefined;
    return new ServerInterceptingCall(inner, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, go) => {
            received = metadata;
            if (lengthOf(metadata) <= MOST_METADATA) guard({ path, socket, inner }, metadata, go);
            else inner.sendStatus(refusal());
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

function lengthOf(metadata: Metadata): number {
  let length = 0;
  for (const [key, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of [values].flat()) length += key.length + String(value).length + AROUND_ENTRY;
  }
  return length;
}
