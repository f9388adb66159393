import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { check } from '#config';
import type { Problems } from '../errors/problems.js';
import { invalid, type Refused } from '../errors/refused.js';
import type { Published } from './openapi.js';
import { queryRefusal } from './unicode.js';

const NONE = z.strictObject({});

/**
 * Refuses every key in the query of an operation for which none is published; the others check theirs by their schemas. Its
 * method may be `HEAD` for `GET`. What leads nowhere is told so, whatever its query; probes and scrapers append what they like.
 */
export function refuseQueries(fastify: FastifyInstance, { paths }: Published, problems: Problems): void {
  const isPublished = (path: string, method: string): boolean => {
    const parameters = (paths[path]?.[method]?.['parameters'] ?? []) as readonly { in?: string }[];
    return parameters.some((parameter) => parameter.in === 'query');
  };
  fastify.addHook('onRequest', (request, reply, done) => {
    const path = request.raw.url?.includes('?') ? pathOf(request) : undefined;
    if (path === undefined) return done();
    const refusal =
      queryRefusal(request.raw.url!) ?? keyRefusal(isPublished(path, methodOf(request)), request);
    if (refusal === undefined) return done();
    problems.send(refusal, request, reply);
  });
}

function keyRefusal(hasKeys: boolean, { query }: FastifyRequest): Refused | undefined {
  const checked = check(NONE, hasKeys ? {} : query);
  return checked.ok ? undefined : invalid(checked.errors);
}

/** The path as OpenAPI has it, with its parameters in braces; undefined where the API has none such. */
const pathOf = ({ routeOptions: { url } }: FastifyRequest): string | undefined =>
  url?.startsWith('/v1/') ? url.replaceAll(/:([a-z]+)/g, '{$1}') : undefined;

const methodOf = ({ method }: FastifyRequest): string => (method === 'HEAD' ? 'get' : method.toLowerCase());
