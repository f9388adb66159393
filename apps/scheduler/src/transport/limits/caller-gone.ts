import type { ServerResponse } from 'node:http';
import { Refused } from '../errors/refused.js';

/** What becomes of a call: grpc-js says `cancelled` when it ends in any way. */
export interface EndingCall {
  readonly cancelled: boolean;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** Aborts when the connection closes before the whole answer was sent. */
export function abortSignalOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => response.writableFinished || gone.abort());
  return gone.signal;
}

/** Aborts when the call is cancelled, or its deadline has passed. */
export function goneOverGrpc(call: EndingCall): AbortSignal {
  const gone = new AbortController();
  if (call.cancelled) gone.abort();
  call.once('cancelled', () => gone.abort());
  return gone.signal;
}

/** Ends work of which the caller has gone. No answer is sent. */
export class CallerGone extends Refused {
  constructor() {
    super({ reason: 'queue_full', detail: 'the caller has gone; its place in the queue is given back' });
  }
}
