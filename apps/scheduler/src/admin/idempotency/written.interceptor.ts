import type { Metadata } from '@grpc/grpc-js';
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { from, lastValueFrom, map, type Observable } from 'rxjs';
import { Untaken } from '../../transport/limits/untaken.js';
import { entityTag } from '../../transport/access/caller.js';
import { takerIn } from './caller.decorator.js';
import { DURABLE, noteNotDurable } from '../../transport/grpc/not-durable.js';
import { Written } from './writes.js';

/**
 * Answers what was written, and what is read: over HTTP with the status, and with the revision as ETag. Of a write that is not
 * durable the body says so, or where there is none a header of HTTP, a trailer of gRPC. Long answers wait for room: see `Untaken`.
 */
@Injectable()
export class WrittenInterceptor implements NestInterceptor {
  constructor(@Inject(Untaken) private readonly untaken: Untaken) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const answer =
      context.getType() === 'http'
        ? overHttp(context.switchToHttp().getResponse())
        : overGrpc(context.switchToRpc().getContext<Metadata>());
    const make = (): Promise<unknown> => lastValueFrom(next.handle().pipe(map(answer)));
    return from(this.untaken.answer(takerIn(context), make, bytesOf));
  }
}

const overHttp =
  (reply: FastifyReply) =>
  (answer: unknown): unknown => {
    if (!(answer instanceof Written)) return tagged(reply, answer);
    void reply.status(answer.status);
    if (answer.status !== 204) return tagged(reply, bodyOf(answer));
    if (!answer.isDurable) void reply.header(DURABLE, 'false');
    return undefined;
  };

function tagged(reply: FastifyReply, body: unknown): unknown {
  const { revision } = (body ?? {}) as { readonly revision?: string };
  if (revision !== undefined) void reply.header('etag', entityTag(revision));
  return body;
}

const overGrpc =
  (metadata: Metadata) =>
  (answer: unknown): unknown => {
    if (!(answer instanceof Written)) return answer;
    if (answer.body === null && !answer.isDurable) noteNotDurable(metadata);
    return bodyOf(answer) ?? {};
  };

const bodyOf = ({ body, isDurable }: Written<unknown>): unknown =>
  isDurable || typeof body !== 'object' || body === null ? body : { ...body, durable: false };

/** About how long an answer is as it is sent. */
function bytesOf(answer: unknown): number {
  if (typeof answer === 'string' || answer instanceof Uint8Array) return answer.length;
  const { items } = (answer ?? {}) as { readonly items?: readonly unknown[] };
  if (items?.[0] instanceof Uint8Array) return items.reduce<number>((sum, item) => sum + bytesOf(item), 0);
  return JSON.stringify(answer ?? '').length;
}
