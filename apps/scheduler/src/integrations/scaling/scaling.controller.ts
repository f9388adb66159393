import { Controller, Get } from '@nestjs/common';
import { type ScalingMessage, scalingSchema } from '#contracts';
import { Operation } from '../../transport/http/operation.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import { ScalingNumbers } from './scaling-numbers.js';

/** The numbers for autoscalers over HTTP. */
@Controller('v1/scaling')
export class ScalingController {
  constructor(@OfTerm(ScalingNumbers) private readonly scaling: PerTerm<ScalingNumbers>) {}

  @Get()
  @Operation('GetScaling', 'How many servers are wanted, and why', { 200: scalingSchema }, [
    'no_leader',
    'shutting_down',
  ])
  get(): ScalingMessage {
    return this.scaling.now.read();
  }
}
