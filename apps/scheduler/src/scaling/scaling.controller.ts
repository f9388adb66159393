import { Controller, Get, Inject } from '@nestjs/common';
import { type ScalingMessage, scalingSchema } from '#contracts';
import { Operation } from '../http/operation.js';
import { PerTerm } from '../per-term.js';
import type { ScalingNumbers } from './scaling-numbers.js';

/** The numbers for autoscalers over HTTP. */
@Controller('v1/scaling')
export class ScalingController {
  constructor(@Inject(PerTerm) private readonly term: PerTerm<{ readonly scaling: ScalingNumbers }>) {}

  @Get()
  @Operation('GetScaling', 'How many servers are wanted, and why', { 200: scalingSchema }, [
    'no_leader',
    'shutting_down',
  ])
  get(): ScalingMessage {
    return this.term.now.scaling.read();
  }
}
