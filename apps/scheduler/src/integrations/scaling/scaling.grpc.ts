import { Controller, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { z } from 'zod';
import { RpcFilter } from '../../transport/errors/rpc.filter.js';
import { readRequest } from '../../transport/grpc/requests.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { WrittenInterceptor } from '../../admin/idempotency/written.interceptor.js';
import { ScalingNumbers } from './scaling-numbers.js';

const nothing = z.object({});

/** The numbers for autoscalers over gRPC: the same as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class ScalingRpc {
  constructor(@OfTerm(ScalingNumbers) private readonly scaling: PerTerm<ScalingNumbers>) {}

  @GrpcMethod('Admin', 'GetScaling')
  get(request: unknown) {
    readRequest(nothing, request);
    return this.scaling.now.read();
  }
}
