import { Body, Controller, Delete, Get, Header, Inject, Param, Post, Put, Query } from '@nestjs/common';
import type { ServerMessage } from '#contracts';
import { worded } from '../http/worded.js';
import { PAGE_TYPE, pageText, type ServerListQuery, serverListSchema } from '../pages.js';
import { Running } from '../running.js';
import type { Caller } from '../writes/caller.js';
import { FromCaller, Gone } from '../writes/caller.decorator.js';
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
  @Header('content-type', PAGE_TYPE)
  async list(
    @Query({ schema: worded(serverListSchema) }) query: ServerListQuery,
    @Gone() gone: AbortSignal,
  ): Promise<string> {
    return pageText(await this.running.now.servers.page(query, JSON.stringify, gone));
  }

  @Get(':server')
  get(@Param('server', ID) server: string): ServerMessage {
    return this.running.now.servers.get(server);
  }

  @Put(':server')
  put(@Param('server', ID) server: string, @Body() body: unknown, @FromCaller() caller: Caller) {
    return this.writes.put(server, body, caller);
  }

  @Delete(':server')
  remove(@Param('server', ID) server: string, @FromCaller() caller: Caller) {
    return this.writes.remove(server, caller);
  }

  @Post(':server/drain')
  drain(
    @Param('server', ID) server: string,
    @Body({ schema: worded(drainBodySchema) }) body: DrainBody,
    @FromCaller() caller: Caller,
  ) {
    return this.writes.drain(server, body?.deadlineMs, caller);
  }

  @Post(':server/undrain')
  undrain(
    @Param('server', ID) server: string,
    @Body({ schema: worded(emptyBodySchema) }) _: undefined,
    @FromCaller() caller: Caller,
  ) {
    return this.writes.undrain(server, caller);
  }
}
