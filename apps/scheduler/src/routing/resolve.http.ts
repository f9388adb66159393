import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { routeSchema } from '#contracts';
import type { Problems } from '../errors/problems.js';
import { factsOf, invalid, Refused } from '../errors/refused.js';
import { readResolveRequest } from './resolve-request.js';
import type { Resolver } from './resolver.js';

const RESOLVE_PATH = '/v1/models/:model/resolve';

/** A route's JSON, so that the serializer is compiled once. */
const { $schema: _, ...routeJson } = z.toJSONSchema(routeSchema) as Record<string, unknown>;

type ResolveRequest = FastifyRequest<{ Params: { readonly model: string } }>;

/** Serves resolve on Fastify itself: the hot call goes past Nest's layers. */
export function serveResolve(fastify: FastifyInstance, resolver: Resolver, problems: Problems): void {
  const handler = (request: ResolveRequest, reply: FastifyReply): void => {
    try {
      answer(request, reply);
    } catch (error) {
      problems.send(error, request, reply);
    }
  };
  const answer = (request: ResolveRequest, reply: FastifyReply): void => {
    if (request.raw.url?.includes('?'))
      throw invalid([{ path: 'query', rule: 'must be empty: fields go in the body' }]);
    const read = readResolveRequest(request.params.model, request.body);
    if (!read.ok) throw invalid(read.errors);
    const route = resolver.warm(read.query);
    if (route !== undefined) return void reply.send(route);
    const pending = resolver.wait(read.query);
    reply.raw.once('close', () => reply.raw.writableFinished || pending.cancel());
    pending.answer.then(
      (given) => {
        if (given.kind === 'route') return void reply.send(resolver.message(given));
        problems.send(new Refused(factsOf(given.refusal)), request, reply);
      },
      (error: unknown) => problems.send(error, request, reply),
    );
  };
  fastify.post(RESOLVE_PATH, { schema: { response: { 200: routeJson } } }, handler);
}
