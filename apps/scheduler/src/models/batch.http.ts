import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BATCH_BYTES } from '#contracts';
import type { Problems } from '../errors/problems.js';
import { callerOver } from '../writes/caller.decorator.js';
import { goneOverHttp } from '../caller-gone.js';
import { BATCH_PATH, type ModelBatch } from './model-batch.js';

/** A colon begins a parameter in Fastify's paths; two of them are one. */
const ROUTE = BATCH_PATH.replace(':', '::');

/**
 * Serves the batch on Fastify itself: Nest knows of no route with a bound of its own. A batch has its place before its body is
 * read, and until its answer is taken or the connection closes.
 */
export function serveBatch(fastify: FastifyInstance, batch: ModelBatch, problems: Problems): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { status, body } = await batch.declare(request.body, callerOver(request, goneOverHttp(reply.raw)));
    return reply.code(status).send(body);
  };
  const onRequest = (_: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    reply.raw.once('close', batch.places.take());
    done();
  };
  fastify.post(ROUTE, { bodyLimit: BATCH_BYTES, errorHandler: problemsIn(problems), onRequest }, handler);
}

const problemsIn =
  (problems: Problems) =>
  (error: Error, request: FastifyRequest, reply: FastifyReply): void =>
    problems.send(error, request, reply);
