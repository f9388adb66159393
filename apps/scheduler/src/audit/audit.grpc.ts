import { Controller, UseFilters, UseInterceptors } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { RpcFilter } from '../errors/rpc.filter.js';
import { readRequest } from '../grpc/requests.js';
import { OfTerm, type PerTerm } from '../terms/per-term.js';
import { Gone } from '../writes/caller.decorator.js';
import { AuditList, auditListSchema } from './audit-list.js';
import { WrittenInterceptor } from '../writes/written.interceptor.js';

/** The audit over gRPC: the same as over HTTP. */
@Controller()
@UseFilters(RpcFilter)
@UseInterceptors(WrittenInterceptor)
export class AuditRpc {
  constructor(@OfTerm(AuditList) private readonly audit: PerTerm<AuditList>) {}

  @GrpcMethod('Admin', 'ListAudit')
  list(@Payload() request: unknown, @Gone() gone: AbortSignal) {
    return this.audit.now.page(readRequest(auditListSchema, request), gone);
  }
}
