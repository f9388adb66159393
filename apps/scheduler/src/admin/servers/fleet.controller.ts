import { Controller, Delete, Get, Put } from '@nestjs/common';
import { type FleetMessage, fleetSchema } from '#contracts';
import { Operation, WITHOUT_REVISION, Write } from '../../transport/http/operation.js';
import { JsonBody } from '../../transport/http/plain-messages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller, Gone } from '../idempotency/caller.decorator.js';
import { type FreezeBody, freezeBodySchema, Freezes } from './freezes.js';
import { Overview } from './overview.js';

/** The whole picture over HTTP, and the stop of everything. */
@Controller('v1/fleet')
export class FleetController {
  constructor(
    @OfTerm(Overview) private readonly overview: PerTerm<Overview>,
    @OfTerm(Freezes) private readonly freezes: PerTerm<Freezes>,
  ) {}

  @Get()
  @Operation('GetFleet', 'The whole picture', { 200: fleetSchema }, ['queue_full'])
  get(@Gone() signal: AbortSignal): Promise<FleetMessage> {
    return this.overview.certain.read(signal);
  }

  @Put('frozen')
  @Write(
    'FreezeFleet',
    'Freezes the fleet: routes go on, no load or unload is ordered; survives a restart',
    { 200: fleetSchema },
    [],
    WITHOUT_REVISION,
  )
  freeze(@JsonBody(freezeBodySchema) body: FreezeBody, @FromCaller() caller: Caller) {
    return this.freezes.certain.freeze(body, caller);
  }

  @Delete('frozen')
  @Write('UnfreezeFleet', 'Ends the freeze', { 200: fleetSchema }, [], WITHOUT_REVISION)
  unfreeze(@FromCaller() caller: Caller) {
    return this.freezes.certain.unfreeze(caller);
  }
}
