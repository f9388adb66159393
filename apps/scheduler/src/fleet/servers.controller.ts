import { Body, Controller, Delete, Get, Headers, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ServerMessage } from '#contracts';
import { goneOverHttp } from '../caller-gone.js';
import { worded } from '../http/worded.js';
import { callerIn, type Headers as HeaderMap, listed, replied, tagged } from '../http/written-reply.js';
import { type ServerListQuery, serverListSchema } from '../pages.js';
import { Running } from '../running.js';
import { type DrainBody, drainBodySchema, emptyBodySchema, serverName } from './server-requests.js';
import { ServerWrites } from './server-writes.js';

const ID = { schema: worded(serverName, 'server') };

/** Servers over HTTP. */
@Controller('v1/servers')
export class ServersController {
  constructor(
    @Inject(Running) private readonly running: Running,
    @Inject(ServerWrites) private readonly writes: ServerWrites,
  ) {}

  @Get()
  list(
    @Query({ schema: worded(serverListSchema) }) query: ServerListQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return listed(reply, this.running.now.servers.page(query, JSON.stringify, goneOverHttp(reply.raw)));
  }

  @Get(':server')
  get(@Param('server', ID) server: string, @Res({ passthrough: true }) reply: FastifyReply): ServerMessage {
    return tagged(reply, this.running.now.servers.get(server));
  }

  @Put(':server')
  put(
    @Param('server', ID) server: string,
    @Body() body: unknown,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServerMessage | undefined> {
    return replied(reply, this.writes.put(server, body, callerIn(headers, reply)));
  }

  @Delete(':server')
  remove(
    @Param('server', ID) server: string,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<null | undefined> {
    return replied(reply, this.writes.remove(server, callerIn(headers, reply)));
  }

  @Post(':server/drain')
  drain(
    @Param('server', ID) server: string,
    @Body({ schema: worded(drainBodySchema) }) body: DrainBody,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServerMessage | undefined> {
    return replied(reply, this.writes.drain(server, body?.deadlineMs, callerIn(headers, reply)));
  }

  @Post(':server/undrain')
  undrain(
    @Param('server', ID) server: string,
    @Body({ schema: worded(emptyBodySchema) }) _: undefined,
    @Headers() headers: HeaderMap,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ServerMessage | undefined> {
    return replied(reply, this.writes.undrain(server, callerIn(headers, reply)));
  }
}
