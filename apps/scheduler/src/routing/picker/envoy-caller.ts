import type { Metadata } from '@grpc/grpc-js';
import type { Principal } from '#access';

/** The Envoy that asks for one of its clients. */
export interface EnvoyCaller {
  readonly principal: Principal;
  readonly metadata: Metadata;
  /** `address:port` of Envoy. */
  readonly peer: string;
  /** Makes what aborts when Envoy has closed its stream: a warm pick has no use for it. */
  readonly signal: () => AbortSignal;
}
