import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import type { ExplanationMessage, PlanMessage } from '#contracts';
import { worded } from '../http/worded.js';
import { modelName } from '../models/model-requests.js';
import { Gone } from '../writes/caller.decorator.js';
import { Explanations } from './explanations.js';
import { type PlanRequest, planRequestSchema } from './plan-request.js';
import { Planner } from './planner.js';

/** Why it is so, and what would be if, over HTTP. */
@Controller('v1')
export class PlanningController {
  constructor(
    @Inject(Explanations) private readonly explanations: Explanations,
    @Inject(Planner) private readonly planner: Planner,
  ) {}

  @Get('models/:model/explain')
  explain(@Param('model', { schema: worded(modelName, 'model') }) model: string): ExplanationMessage {
    return this.explanations.of(model);
  }

  @Post('plan')
  @HttpCode(200)
  plan(
    @Body({ schema: worded(planRequestSchema) }) body: PlanRequest,
    @Gone() gone: AbortSignal,
  ): Promise<PlanMessage> {
    return this.planner.plan(body, gone);
  }
}
