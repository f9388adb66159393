import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problems } from '../errors/problems.js';
import { factsOf, invalid, Refused } from '../errors/refused.js';
import { readResolveRequest } from './resolve-request.js';
import type { Resolver } from './resolver.js';

export const RESOLVE_PATH = '/v1/models/:model/resolve';

/** A route's JSON, so that the serializer is compiled once. */
export const routeSchema = {
  type: 'object',
  required: ['model', 'version', 'server', 'devices', 'routeVersion', 'leaseMs', 'cold', 'waitedMs', 'stale'],
  properties: {
    model: { type: 'string' },
    version: { type: 'string' },
    server: {
      type: 'object',
      required: ['id', 'grpc', 'http', 'labels'],
      properties: {
        id: { type: 'string' },
        grpc: { type: 'string' },
        http: { type: ['string', 'null'] },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
    devices: { type: 'array', items: { type: 'integer' } },
    routeVersion: {
      type: 'object',
      required: ['term', 'sequence'],
      properties: { term: { type: 'string' }, sequence: { type: 'string' } },
    },
    leaseMs: { type: 'integer' },
    cold: { type: 'boolean' },
    waitedMs: { type: 'integer' },
    stale: { type: 'boolean' },
  },
} as const;

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
  fastify.post(RESOLVE_PATH, { schema: { response: { 200: routeSchema } } }, handler);
}
