import type { ServerErrorResponse } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { factsOfError } from './facts-of-error.js';
import { rpcErrorOf } from './rpc-error.js';
import type { Random } from './retry-hint.js';

/** Makes of whatever went wrong over gRPC a status with google.rpc details. Internals are logged, not told. */
export class RpcErrors {
  constructor(
    private readonly log: Logger,
    private readonly random: Random,
  ) {}

  of(error: unknown): Partial<ServerErrorResponse> & Error {
    const { facts } = factsOfError(error);
    if (facts.reason === 'internal') this.log.error({ err: error }, 'call failed');
    return rpcErrorOf(facts, this.random);
  }
}
