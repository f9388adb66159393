import { Module } from '@nestjs/common';
import { Explanations } from './explanations.js';
import { Planner } from './planner.js';
import { PlanningController } from './planning.controller.js';
import { PlanningRpc } from './planning.grpc.js';
import { Suppositions } from './suppositions.js';

/** For questions: why the fleet is as it is, and what would be if. */
@Module({
  controllers: [PlanningController, PlanningRpc],
  providers: [Explanations, Planner, Suppositions],
})
export class PlanningModule {}
