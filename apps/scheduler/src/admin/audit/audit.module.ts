import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { AuditRpc } from './audit.grpc.js';

/** Tells admins which caller changed what. */
@Module({ controllers: [AuditController, AuditRpc] })
export class AuditModule {}
