import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { factsOfError } from './facts-of-error.js';
import { type Problem, problemOf, PROBLEM_TYPE } from './problem.js';
import { named } from './refused.js';
import type { Random } from './retry-hint.js';

/** Answers whatever went wrong over HTTP with a problem of RFC 9457. What went wrong inside is logged, not told. */
export class Problems {
  constructor(
    private readonly log: Logger,
    private readonly random: Random,
  ) {}

  /** `requestId` is what the caller calls its request, where it has said so. */
  send(error: unknown, request: FastifyRequest, reply: FastifyReply, requestId?: string): void {
    const problem = this.of(error, pathOf(request), requestId, request.method);
    if (reply.sent) return;
    void reply
      .code(problem.status)
      .headers(problem.headers)
      .type(PROBLEM_TYPE)
      .send(JSON.stringify(problem.body));
  }

  /** What went wrong with a request of this path, as a problem. */
  of(error: unknown, path: string, requestId?: string, method?: string): Problem {
    const { facts, status } = factsOfError(error);
    if (facts.reason === 'internal')
      this.log.error({ err: error, method, path, requestId }, 'request failed');
    return problemOf(named(facts, requestId), path, this.random, status);
  }
}

/** The path alone: a query may hold what should not be repeated. */
export function pathOf(request: FastifyRequest): string {
  const url = request.raw.url ?? '/';
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
