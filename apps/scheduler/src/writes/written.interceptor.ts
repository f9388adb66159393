import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { entityTag } from './caller.js';
import { Written } from './writes.js';

/** Answers what was written, and what is read: over HTTP with the status, and with the revision as ETag. */
@Injectable()
export class WrittenInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const answer = context.getType() === 'http' ? overHttp(context.switchToHttp().getResponse()) : overGrpc;
    return next.handle().pipe(map(answer));
  }
}

const overHttp =
  (reply: FastifyReply) =>
  (answer: unknown): unknown => {
    if (!(answer instanceof Written)) return tagged(reply, answer);
    void reply.status(answer.status);
    return answer.status === 204 ? undefined : tagged(reply, answer.body);
  };

function tagged(reply: FastifyReply, body: unknown): unknown {
  const { revision } = (body ?? {}) as { readonly revision?: string };
  if (revision !== undefined) void reply.header('etag', entityTag(revision));
  return body;
}

const overGrpc = (answer: unknown): unknown => (answer instanceof Written ? (answer.body ?? {}) : answer);
