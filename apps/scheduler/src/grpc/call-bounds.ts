import { type Metadata, type ServerInterceptor, ServerInterceptingCall, type status } from '@grpc/grpc-js';

/** The longest metadata of a call, in bytes as HTTP/2 counts them. HTTP takes headers of the same length. */
const MOST_METADATA = 16 * 2 ** 10;
const AROUND_ENTRY = 32;

export const METADATA_RULE = 'the metadata of a call may have at most 16 KiB';

/** The other end of a connection, as grpc-js and a socket tell it. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** How a call is refused. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Is told of each call: returns what is to be done when it has ended. */
export type OnCall = (peer: Peer) => () => void;

/** Refuses calls with too long metadata, and tells when calls begin and end. */
export function callBounds(onCall: OnCall, refusal: () => Refusal): ServerInterceptor {
  return (_, call) => {
    const ended = onCall(call.getConnectionInfo());
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, go) => {
            if (lengthOf(metadata) <= MOST_METADATA) go(metadata);
            else call.sendStatus(refusal());
          },
          onCancel: ended,
        }),
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
