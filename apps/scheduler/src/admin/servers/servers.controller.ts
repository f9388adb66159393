import { Controller, Delete, Get, Header, Param, Post, Put, Query } from '@nestjs/common';
import { z } from 'zod';
import { publishedServerSchema } from '#config';
import { pageSchema, type ServerMessage, serverSchema } from '#contracts';
import { CREATES, Operation, Write } from '../../transport/http/operation.js';
import { JsonBody, withPlainMessages } from '../../transport/http/plain-messages.js';
import { PAGE_TYPE, pageText, type ServerListQuery, serverListSchema } from '../../transport/lists/pages.js';
import { OfTerm, type PerTerm } from '../../cluster/leadership/per-term.js';
import type { Caller } from '../../transport/access/caller.js';
import { FromCaller, Gone } from '../idempotency/caller.decorator.js';
import { type DrainBody, drainBodySchema, emptyBodySchema, serverName } from './server-requests.js';
import { ServerWrites } from './server-writes.js';
import { ServerList } from './server-list.js';

const ID = { schema: withPlainMessages(serverName, 'server') };

/** Servers over HTTP. */
@Controller('v1/servers')
export class ServersController {
  constructor(
    @OfTerm(ServerList) private readonly servers: PerTerm<ServerList>,
    @OfTerm(ServerWrites) private readonly writes: PerTerm<ServerWrites>,
  ) {}

  @Get()
  @Operation('ListServers', 'Lists the servers', { 200: pageSchema(serverSchema) }, ['queue_full'])
  @Header('content-type', PAGE_TYPE)
  async list(
    @Query({ schema: withPlainMessages(serverListSchema) }) query: ServerListQuery,
    @Gone() signal: AbortSignal,
  ): Promise<string> {
    return pageText(await this.servers.certain.page(query, JSON.stringify, signal));
  }

  @Get(':server')
  @Operation('GetServer', 'Tells of a server', { 200: serverSchema }, ['unknown_server'])
  get(@Param('server', ID) server: string): ServerMessage {
    return this.servers.certain.get(server);
  }

  @Put(':server')
  @Write(
    'PutServer',
    'Declares a server: replaces what the API said of it',
    { 200: serverSchema, 201: serverSchema },
    [],
    CREATES,
  )
  put(
    @Param('server', ID) server: string,
    @JsonBody(z.unknown(), publishedServerSchema) body: unknown,
    @FromCaller() caller: Caller,
  ) {
    return this.writes.certain.put(server, body, caller);
  }

  @Delete(':server')
  @Write('DeleteServer', 'Forgets a server and leaves its models loaded', { 204: null }, [
    'unknown_server',
    'declared_in_file',
  ])
  remove(@Param('server', ID) server: string, @FromCaller() caller: Caller) {
    return this.writes.certain.remove(server, caller);
  }

  @Post(':server/drain')
  @Write(
    'DrainServer',
    'Loads elsewhere what serves there, then lets go; survives a restart',
    { 200: serverSchema },
    ['unknown_server'],
  )
  drain(
    @Param('server', ID) server: string,
    @JsonBody(drainBodySchema) body: DrainBody,
    @FromCaller() caller: Caller,
  ) {
    return this.writes.certain.drain(server, body?.deadlineMs, caller);
  }

  @Post(':server/undrain')
  @Write('UndrainServer', 'Ends a drain', { 200: serverSchema }, ['unknown_server'])
  undrain(
    @Param('server', ID) server: string,
    @JsonBody(emptyBodySchema) _: undefined,
    @FromCaller() caller: Caller,
  ) {
    return this.writes.certain.undrain(server, caller);
  }
}
