import { Body, Controller, Delete, Get, Inject, Put } from '@nestjs/common';
import type { FleetMessage } from '#contracts';
import { worded } from '../http/worded.js';
import type { Caller } from '../writes/caller.js';
import { FromCaller, Gone } from '../writes/caller.decorator.js';
import { type FreezeBody, freezeBodySchema, Freezes } from './freezes.js';
import { Overview } from './overview.js';

/** The whole picture over HTTP, and the stop of everything. */
@Controller('v1/fleet')
export class FleetController {
  constructor(
    @Inject(Overview) private readonly overview: Overview,
    @Inject(Freezes) private readonly freezes: Freezes,
  ) {}

  @Get()
  get(@Gone() gone: AbortSignal): Promise<FleetMessage> {
    return this.overview.read(gone);
  }

  @Put('frozen')
  freeze(@Body({ schema: worded(freezeBodySchema) }) body: FreezeBody, @FromCaller() caller: Caller) {
    return this.freezes.freeze(body, caller);
  }

  @Delete('frozen')
  unfreeze(@FromCaller() caller: Caller) {
    return this.freezes.unfreeze(caller);
  }
}
