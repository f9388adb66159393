import type { Metadata } from '@grpc/grpc-js';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type EndingCall, goneOverGrpc, goneOverHttp } from '../caller-gone.js';
import { type Caller, callerOf } from './caller.js';

/** Hands a handler the caller of a write: its conditions, and whether it is still there. */
export const FromCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const gone = goneIn(context);
  if (context.getType() === 'http') {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    return callerOf((name) => [headers[name]].flat()[0], gone);
  }
  const metadata = context.switchToRpc().getContext<Metadata>();
  return callerOf((name) => metadata.get(name)[0]?.toString(), gone);
});

/** Hands a handler the signal that aborts when the caller has gone. */
export const Gone = createParamDecorator((_: unknown, context: ExecutionContext) => goneIn(context));

/** The third argument of a gRPC handler is the call. */
function goneIn(context: ExecutionContext): AbortSignal {
  return context.getType() === 'http'
    ? goneOverHttp(context.switchToHttp().getResponse<FastifyReply>().raw)
    : goneOverGrpc(context.getArgByIndex<EndingCall>(2));
}
