import type { OutgoingHttpHeaders } from 'node:http';
import { Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { routeEventSchema, routeTableSchema } from '#contracts';
import { Gone } from '../admin/idempotency/caller.decorator.js';
import { principalOverHttp } from '../transport/access/principals.js';
import type { GatewayName } from '../cluster/replication/gateway-subscriptions.js';
import { pathOf, Problems } from '../transport/errors/problems.js';
import { jsonSchema } from '../transport/http/json-schema.js';
import { BODY, Operation } from '../transport/http/operation.js';
import { JsonBody, withPlainMessages } from '../transport/http/plain-messages.js';
import { Lifecycle } from '../transport/lifecycle.js';
import { PAGE_TYPE } from '../transport/lists/pages.js';
import { EventStream, STREAM_HEADERS } from './event-stream.js';
import { GatewayRoutes } from './gateway-routes.js';
import { RouteList } from './route-list.js';
import {
  EVENT_ID,
  type Usage,
  usageSchema,
  versionIn,
  type WatchQuery,
  watchQuerySchema,
} from './routes-requests.js';

const IF_NONE_MATCH = ApiHeader({
  name: 'If-None-Match',
  description: 'The ETag of the table that the caller has.',
  required: false,
  schema: { type: 'string', maxLength: 16_384 },
});
const LAST_EVENT_ID = ApiHeader({
  name: 'Last-Event-ID',
  description: 'The id of the last event that had one: only what is newer is told, where that is known.',
  required: false,
  schema: { type: 'string', pattern: EVENT_ID.source },
});

/** Routes for gateways that keep them themselves, over HTTP. */
@Controller('v1/routes')
export class RoutesController {
  constructor(
    @Inject(GatewayRoutes) private readonly gateways: GatewayRoutes,
    @Inject(RouteList) private readonly routes: RouteList,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(Problems) private readonly problems: Problems,
  ) {}

  @Get()
  @Operation(
    'ListRoutes',
    'Tells which copies may be routed to: good for 8 s from when it was asked for',
    { 200: routeTableSchema, 304: null },
    ['queue_full', 'no_leader', 'shutting_down'],
  )
  @IF_NONE_MATCH
  async list(
    @Req() { headers }: FastifyRequest,
    @Gone() signal: AbortSignal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    const { tag, text } = await this.routes.read(headers['if-none-match'], signal);
    void reply.headers({ etag: tag, 'cache-control': 'no-cache' });
    void (text === null ? reply.status(304) : reply.type(PAGE_TYPE));
    return text ?? undefined;
  }

  @Get('watch')
  @ApiResponse({ status: 200, content: { 'text/event-stream': { schema: jsonSchema(routeEventSchema) } } })
  @Operation(
    'WatchRoutes',
    'Tells which copies may be routed to, by server-sent events: all of them first, then what changes, and a beat every second',
    { 200: null },
    ['no_leader', 'shutting_down'],
  )
  @LAST_EVENT_ID
  watch(
    @Query({ schema: withPlainMessages(watchQuerySchema) }) { watcher }: WatchQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    const have = versionIn([request.headers['last-event-id']].flat()[0]);
    // To HEAD nothing would be told, for as long as it watches.
    if (request.method === 'HEAD') return void reply.headers(STREAM_HEADERS).send();
    const stream = new EventStream(
      reply.raw,
      reply.getHeaders() as OutgoingHttpHeaders,
      gatewayOf(request, watcher),
      (cause) => this.problems.of(cause ?? this.lifecycle.farewell(), pathOf(request)),
    );
    const leave = this.gateways.watch(stream, have);
    reply.hijack();
    reply.raw.on('drain', () => this.gateways.flush());
    reply.raw.once('close', leave);
  }

  @Post('usage')
  @HttpCode(204)
  @Operation('ReportUsage', 'Has routes that were given from such a table count as used', { 204: null }, [
    ...BODY,
    'shutting_down',
  ])
  report(@JsonBody(usageSchema) { watcher, ...usage }: Usage, @Req() request: FastifyRequest): void {
    this.gateways.report(gatewayOf(request, watcher), usage);
  }
}

/** A watcher that does not say its name has that of its credential. */
function gatewayOf(request: FastifyRequest, watcher: string | null | undefined): GatewayName {
  const { credential } = principalOverHttp(request);
  return { watcher: watcher ?? credential, credential };
}
