import { Body, Controller, Delete, Get, Headers, Inject, Put, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { FleetMessage } from '#contracts';
import { goneOverHttp } from '../caller-gone.js';
import { worded } from '../http/worded.js';
import { callerIn, type Headers as HeaderMap, replied } from '../http/written-reply.js';
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
  get(@Res({ passthrough: true }) reply: FastifyReply): Promise<FleetMessage> {
    return this.overview.read(goneOverHttp(reply.raw));
  }

  @Put('frozen')
  freeze(
    @Body({ schema: worded(freezeBodySchema) }) body: FreezeBody,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FleetMessage | undefined> {
    return replied(reply, this.freezes.freeze(body, callerIn(headers, reply)));
  }

  @Delete('frozen')
  unfreeze(
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FleetMessage | undefined> {
    return replied(reply, this.freezes.unfreeze(callerIn(headers, reply)));
  }
}
