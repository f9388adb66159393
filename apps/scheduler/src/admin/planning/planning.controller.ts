import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { type ExplanationMessage, explanationSchema, type PlanMessage, planSchema } from '#contracts';
import { BODY, Operation } from '../../transport/http/operation.js';
import { JsonBody, withPlainMessages } from '../../transport/http/plain-messages.js';
import { modelName } from '../models/model-requests.js';
import { Gone, Tenant } from '../idempotency/caller.decorator.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { Explanations } from './explanations.js';
import { type PlanRequest, planRequestSchema, publishedPlanRequestSchema } from './plan-request.js';
import { Planner } from './planner.js';

/** Why it is so, and what would be if, over HTTP. */
@Controller('v1')
export class PlanningController {
  constructor(
    @OfTerm(Explanations) private readonly explanations: PerTerm<Explanations>,
    @OfTerm(Planner) private readonly planner: PerTerm<Planner>,
  ) {}

  @Get('models/:model/explain')
  @Operation(
    'ExplainModel',
    'Says why a model is where it is, or nowhere: each device with its verdict in numbers',
    { 200: explanationSchema },
    ['unknown_model', 'no_server'],
  )
  explain(
    @Param('model', { schema: withPlainMessages(modelName, 'model') }) model: string,
  ): ExplanationMessage {
    return this.explanations.certain.of(model);
  }

  @Post('plan')
  @Operation('Plan', 'Says what would happen if something were so; changes nothing', { 200: planSchema }, [
    ...BODY,
    'unknown_model',
    'unknown_server',
    'no_server',
    'queue_full',
    'shutting_down',
  ])
  @HttpCode(200)
  plan(
    @JsonBody(planRequestSchema, publishedPlanRequestSchema) body: PlanRequest,
    @Tenant() tenant: string,
    @Gone() signal: AbortSignal,
  ): Promise<PlanMessage> {
    return this.planner.now.plan(body, tenant, signal);
  }
}
