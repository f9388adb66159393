import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { once, type RouteMessage } from '#contracts';
import type { Problems } from '../errors/problems.js';
import { factsOf, invalid, Refused } from '../errors/refused.js';
import { readResolveRequest, requestIdIn } from './resolve-request.js';
import type { Resolver } from './resolver.js';

const RESOLVE_PATH = '/v1/models/:model/resolve';

const JSON_TYPE = 'application/json; charset=utf-8';

type ResolveRequest = FastifyRequest<{ Params: { readonly model: string } }>;

/** Serves resolve on Fastify itself: the hot call goes past Nest's layers. */
export function serveResolve(fastify: FastifyInstance, resolver: Resolver, problems: Problems): void {
  const fail = (error: unknown, request: ResolveRequest, reply: FastifyReply): void =>
    problems.send(error, request, reply, requestIdIn(request.body));
  const handler = (request: ResolveRequest, reply: FastifyReply): void => {
    try {
      answer(request, reply);
    } catch (error) {
      fail(error, request, reply);
    }
  };
  const answer = (request: ResolveRequest, reply: FastifyReply): void => {
    const read = readResolveRequest(request.params.model, request.body);
    if (!read.ok) throw invalid(read.errors);
    const route = resolver.warm(read.query);
    if (route !== undefined) return send(route, reply);
    const pending = resolver.wait(read.query);
    reply.raw.once('close', () => reply.raw.writableFinished || pending.cancel());
    pending.answer.then(
      (given) => {
        if (given.kind === 'route') return send(resolver.message(given), reply);
        fail(new Refused(factsOf(given.refusal)), request, reply);
      },
      (error: unknown) => fail(error, request, reply),
    );
  };
  fastify.post(RESOLVE_PATH, handler);
}

const textOf = once((route: RouteMessage) => JSON.stringify(route));

function send(route: RouteMessage, reply: FastifyReply): void {
  void reply.header('content-type', JSON_TYPE).send(textOf(route));
}
