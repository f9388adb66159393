import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type AuditPageMessage, auditPageSchema } from '#contracts';
import { Operation } from '../http/operation.js';
import { worded } from '../http/worded.js';
import { Gone } from '../writes/caller.decorator.js';
import { AuditList, type AuditListQuery, auditListSchema } from './audit-list.js';

/** The audit over HTTP. */
@Controller('v1/audit')
export class AuditController {
  constructor(@Inject(AuditList) private readonly audit: AuditList) {}

  @Get()
  @Operation('ListAudit', 'Lists who changed what, the newest first', { 200: auditPageSchema }, [
    'queue_full',
    'store_unavailable',
  ])
  list(
    @Query({ schema: worded(auditListSchema) }) query: AuditListQuery,
    @Gone() gone: AbortSignal,
  ): Promise<AuditPageMessage> {
    return this.audit.page(query, gone);
  }
}
