import type { ServerErrorResponse } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { factsOfError } from './facts-of-error.js';
import { named } from './refused.js';
import { rpcErrorOf } from './rpc-error.js';
import type { Random } from './retry-hint.js';

/** Makes of whatever went wrong over gRPC a status with google.rpc details. Internals are logged, not told. */
export class RpcErrors {
  constructor(
    private readonly log: Logger,
    private readonly random: Random,
  ) {}

  /** `requestId` is what the caller calls its request, where it has said so. */
  of(error: unknown, requestId?: string): Partial<ServerErrorResponse> & Error {
    const { facts } = factsOfError(error);
    if (facts.reason === 'internal') this.log.error({ err: error, requestId }, 'call failed');
    return rpcErrorOf(named(facts, requestId), this.random);
  }
}
