import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { AuditList } from './audit-list.js';
import { AuditRpc } from './audit.grpc.js';

/** Tells admins which caller changed what. */
@Module({ controllers: [AuditController, AuditRpc], providers: [AuditList] })
export class AuditModule {}
