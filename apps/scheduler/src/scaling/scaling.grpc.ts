import { Controller, Inject, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { z } from 'zod';
import { RpcFilter } from '../errors/rpc.filter.js';
import { readRequest } from '../grpc/requests.js';
import { Running } from '../running.js';
import { WrittenInterceptor } from '../writes/written.interceptor.js';

const nothing = z.object({});

/** The numbers for autoscalers over gRPC: the same as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class ScalingRpc {
  constructor(@Inject(Running) private readonly running: Running) {}

  @GrpcMethod('Admin', 'GetScaling')
  get(request: unknown) {
    readRequest(nothing, request);
    return this.running.now.scaling.read();
  }
}
