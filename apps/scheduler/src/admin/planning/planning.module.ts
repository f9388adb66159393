import { Module } from '@nestjs/common';
import { PlanningController } from './planning.controller.js';
import { PlanningRpc } from './planning.grpc.js';

/** For questions: why the fleet is as it is, and what would be if. */
@Module({ controllers: [PlanningController, PlanningRpc] })
export class PlanningModule {}
