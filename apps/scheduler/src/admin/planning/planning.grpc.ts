import { Controller, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { fromStruct, type Struct } from '#contracts';
import { RpcFilter } from '../../transport/errors/rpc.filter.js';
import { readRequest } from '../../transport/grpc/requests.js';
import { modelName } from '../models/model-requests.js';
import { Gone, Tenant } from '../idempotency/caller.decorator.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { Explanations } from './explanations.js';
import { planRequestSchema } from './plan-request.js';
import { Planner } from './planner.js';
import { WrittenInterceptor } from '../idempotency/written.interceptor.js';

const named = z.object({ model: modelName });
/** Specs travel as a Struct. */
const supposed = z.object({
  ...planRequestSchema.shape,
  models: z.preprocess(
    (value) => (value == null ? value : fromStruct(value as Struct)),
    planRequestSchema.shape.models,
  ),
});

/** Why it is so, and what would be if, over gRPC. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class PlanningRpc {
  constructor(
    @OfTerm(Explanations) private readonly explanations: PerTerm<Explanations>,
    @OfTerm(Planner) private readonly planner: PerTerm<Planner>,
  ) {}

  @GrpcMethod('Admin', 'ExplainModel')
  explain(request: unknown) {
    return this.explanations.certain.of(readRequest(named, request).model);
  }

  @GrpcMethod('Admin', 'Plan')
  plan(@Payload() request: unknown, @Tenant() tenant: string, @Gone() signal: AbortSignal) {
    return this.planner.now.plan(readRequest(supposed, request), tenant, signal);
  }
}
