import { Controller, Get, Inject } from '@nestjs/common';
import type { FleetMessage } from '#contracts';
import { Overview } from './overview.js';

/** The whole picture over HTTP. */
@Controller('v1/fleet')
export class FleetController {
  constructor(@Inject(Overview) private readonly overview: Overview) {}

  @Get()
  get(): FleetMessage {
    return this.overview.get();
  }
}
