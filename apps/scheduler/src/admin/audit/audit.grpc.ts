import { Controller, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { RpcFilter } from '../../transport/errors/rpc.filter.js';
import { readRequest } from '../../transport/grpc/requests.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { Gone } from '../idempotency/caller.decorator.js';
import { AuditList, auditListSchema } from './audit-list.js';
import { WrittenInterceptor } from '../idempotency/written.interceptor.js';

/** The audit over gRPC: the same as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class AuditRpc {
  constructor(@OfTerm(AuditList) private readonly audit: PerTerm<AuditList>) {}

  @GrpcMethod('Admin', 'ListAudit')
  list(@Payload() request: unknown, @Gone() signal: AbortSignal) {
    return this.audit.now.page(readRequest(auditListSchema, request), signal);
  }
}
