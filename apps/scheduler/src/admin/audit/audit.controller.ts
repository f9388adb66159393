import { Controller, Get, Query } from '@nestjs/common';
import { type AuditPageMessage, auditPageSchema } from '#contracts';
import { Operation } from '../../transport/http/operation.js';
import { withPlainMessages } from '../../transport/http/plain-messages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { Gone } from '../idempotency/caller.decorator.js';
import { AuditList, type AuditListQuery, auditListSchema } from './audit-list.js';

/** The audit over HTTP. */
@Controller('v1/audit')
export class AuditController {
  constructor(@OfTerm(AuditList) private readonly audit: PerTerm<AuditList>) {}

  @Get()
  @Operation('ListAudit', 'Lists who changed what, the newest first', { 200: auditPageSchema }, [
    'queue_full',
    'store_unavailable',
  ])
  list(
    @Query({ schema: withPlainMessages(auditListSchema) }) query: AuditListQuery,
    @Gone() signal: AbortSignal,
  ): Promise<AuditPageMessage> {
    return this.audit.now.page(query, signal);
  }
}
