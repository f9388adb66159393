import { Controller, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { RpcFilter } from '../../transport/errors/rpc.filter.js';
import { readRequest } from '../../transport/grpc/requests.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller } from '../idempotency/caller.decorator.js';
import { WrittenInterceptor } from '../idempotency/written.interceptor.js';
import { WarmupCalls } from './warmup-calls.js';
import { warmupBodySchema, warmupId } from './warmup-requests.js';

const nothing = z.object({});
const identified = z.object({ id: warmupId });

/** Warm-ups over gRPC: the same as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class WarmupsRpc {
  constructor(@OfTerm(WarmupCalls) private readonly warmups: PerTerm<WarmupCalls>) {}

  @GrpcMethod('Admin', 'StartWarmup')
  start(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return this.warmups.now.start(readRequest(warmupBodySchema, request), caller);
  }

  @GrpcMethod('Admin', 'ListWarmups')
  list(request: unknown) {
    readRequest(nothing, request);
    return this.warmups.now.list();
  }

  @GrpcMethod('Admin', 'GetWarmup')
  get(request: unknown) {
    return this.warmups.now.get(readRequest(identified, request).id);
  }

  @GrpcMethod('Admin', 'CancelWarmup')
  cancel(@Payload() request: unknown, @FromCaller() caller: Caller) {
    return this.warmups.now.cancel(readRequest(identified, request).id, caller);
  }
}
