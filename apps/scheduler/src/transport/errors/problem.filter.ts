import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problems } from './problems.js';

/** Where Nest's HTTP errors end. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(Problems) private readonly problems: Problems) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.problems.send(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}
