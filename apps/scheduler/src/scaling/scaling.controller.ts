import { Controller, Get, Inject } from '@nestjs/common';
import { type ScalingMessage, scalingSchema } from '#contracts';
import { Operation } from '../http/operation.js';
import { Running } from '../running.js';

/** The numbers for autoscalers over HTTP. */
@Controller('v1/scaling')
export class ScalingController {
  constructor(@Inject(Running) private readonly running: Running) {}

  @Get()
  @Operation('GetScaling', 'How many servers are wanted, and why', { 200: scalingSchema }, [
    'no_leader',
    'shutting_down',
  ])
  get(): ScalingMessage {
    return this.running.now.scaling.read();
  }
}
