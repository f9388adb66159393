import { Metadata } from '@grpc/grpc-js';

/** The header or trailer of an answer without a body to a write that is not durable. */
export const DURABLE = 'berth-durable';

const KEY = 'berth.not-durable';

/** Notes on the metadata of a gRPC call that its write is not durable. The caller itself cannot write there. */
export const noteNotDurable = (metadata: Metadata): void => metadata.setOpaque(KEY, true);

/** The trailers of a call, with one more where that was noted on what was received. */
export function trailersOf<None>(received: Metadata | undefined, trailers: Metadata | None): Metadata | None {
  if (received?.getOpaque(KEY) !== true) return trailers;
  const told = trailers instanceof Metadata ? trailers : new Metadata();
  told.set(DURABLE, 'false');
  return told;
}
