import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiParam } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nameSchema } from '#config';
import type { RefusalReason } from '#core';
import { once, type RouteMessage, routeSchema } from '#contracts';
import { principalOverHttp } from '../transport/access/principals.js';
import { Problems } from '../transport/errors/problems.js';
import { jsonSchema } from '../transport/http/json-schema.js';
import { BODY, Operation } from '../transport/http/operation.js';
import { queryOf, requestIdIn, resolveRequestSchema } from './resolve-request.js';
import { Resolver } from './resolver.js';

const PREFIX = 'v1/models';
const PATH = ':model/resolve';

/** Why the core refuses a request. */
const REFUSED: readonly RefusalReason[] = [
  ...(['unknown_model', 'unknown_version', 'disabled', 'infeasible', 'load_failed', 'loading'] as const),
  ...(['cooling_down', 'deadline_unreachable', 'no_capacity', 'queue_full', 'over_share'] as const),
  ...(['no_server', 'no_leader', 'store_unavailable', 'shutting_down'] as const),
];

type ResolveRequest = FastifyRequest<{ Params: { readonly model: string } }>;

/** Resolve over HTTP. */
@Controller(PREFIX)
export class ResolveController {
  constructor(
    @Inject(Resolver) private readonly resolver: Resolver,
    @Inject(Problems) private readonly problems: Problems,
  ) {}

  @Post(PATH)
  @Operation(
    'Resolve',
    'Says where a model lives; waits for the load where it is cold',
    { 200: routeSchema },
    [...BODY, ...REFUSED],
  )
  @ApiParam({ name: 'model', schema: jsonSchema(nameSchema) })
  @ApiBody({ required: false, schema: jsonSchema(resolveRequestSchema) })
  resolve(@Req() request: ResolveRequest, @Res() reply: FastifyReply): void {
    try {
      this.answer(request, reply);
    } catch (error) {
      this.fail(error, request, reply);
    }
  }

  private answer(request: ResolveRequest, reply: FastifyReply): void {
    const principal = principalOverHttp(request);
    const query = queryOf(principal, request.params.model, request.body);
    const route = this.resolver.warm(query);
    if (route !== undefined) return send(route, reply);
    const cold = this.resolver.cold(request.body ?? {}, query, principal, ({ http }, next, times) =>
      http.send(
        request,
        reply,
        () => Buffer.from(JSON.stringify(next())),
        times,
        (body) => JSON.stringify(this.resolver.retold(JSON.parse(body.toString()) as RouteMessage)),
      ),
    );
    reply.raw.once('close', () => reply.raw.writableFinished || cold.cancel());
    cold.answer
      .then((given) => given && send(given, reply))
      .catch((error: unknown) => this.fail(error, request, reply));
  }

  private fail(error: unknown, request: ResolveRequest, reply: FastifyReply): void {
    this.problems.send(error, request, reply, requestIdIn(request.body));
  }
}

/** The hot call goes past Nest's layers: its route calls the controller itself. Nest registers it after this. */
export function bypassNest(fastify: FastifyInstance, controller: ResolveController): void {
  fastify.addHook('onRoute', (route) => {
    if (route.url !== `/${PREFIX}/${PATH}`) return;
    route.handler = (request, reply) => controller.resolve(request as ResolveRequest, reply);
  });
}

const JSON_TYPE = 'application/json; charset=utf-8';
const textOf = once((route: RouteMessage) => JSON.stringify(route));

function send(route: RouteMessage, reply: FastifyReply): void {
  void reply.header('content-type', JSON_TYPE).send(textOf(route));
}
