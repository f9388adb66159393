import type { Metadata } from '@grpc/grpc-js';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { notedAddress, principalOverGrpc, principalOverHttp } from '../../transport/access/principals.js';
import { type EndingCall, goneOverGrpc, abortSignalOf } from '../../transport/limits/caller-gone.js';
import { isReading } from '../../transport/access/operations.js';
import { addressIn } from '../../cluster/forwarding/grpc-forward.js';
import type { Taker } from '../../transport/limits/untaken.js';
import { type Caller, callerOf, type Source } from '../../transport/access/caller.js';

/** Hands a handler the caller of a write: its conditions, and whether it is still there. */
export const FromCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  return { ...callerIn(context), source: sourceIn(context) };
});

function callerIn(context: ExecutionContext): Caller {
  const signal = goneIn(context);
  if (context.getType() === 'http') {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    return callerOf(principalOverHttp(request), (name) => [request.headers[name]].flat()[0], signal);
  }
  const metadata = context.switchToRpc().getContext<Metadata>();
  return callerOf(principalOverGrpc(metadata), (name) => metadata.get(name)[0]?.toString(), signal);
}

function sourceIn(context: ExecutionContext): Source {
  if (context.getType() === 'http') {
    const { calledFrom, socket } = context.switchToHttp().getRequest<FastifyRequest>();
    return { over: 'http', address: calledFrom ?? socket.remoteAddress ?? null };
  }
  const noted = notedAddress(context.switchToRpc().getContext<Metadata>());
  return {
    over: 'grpc',
    address: noted ?? addressIn(context.getArgByIndex<{ getPeer(): string }>(2).getPeer()),
  };
}

/** Hands a handler the tenant of its caller. */
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { tenant } =
    context.getType() === 'http'
      ? principalOverHttp(context.switchToHttp().getRequest<FastifyRequest>())
      : principalOverGrpc(context.switchToRpc().getContext<Metadata>());
  return tenant;
});

/** Hands a handler the signal that aborts when the caller has gone. */
export const Gone = createParamDecorator((_: unknown, context: ExecutionContext) => goneIn(context));

/** The call that takes the answer. */
export function takerIn(context: ExecutionContext): Taker {
  if (context.getType() === 'http') {
    const { principal, raw, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
    const isRead = raw.method === 'GET' || routeOptions.config.needs === 'read';
    const ended = new AbortController();
    context
      .switchToHttp()
      .getResponse<FastifyReply>()
      .raw.once('close', () => ended.abort());
    return { connection: raw.socket, credential: principal?.credential ?? '', isRead, ended: ended.signal };
  }
  const call = context.getArgByIndex<EndingCall & { getPeer(): string; getPath(): string }>(2);
  const { credential } = principalOverGrpc(context.switchToRpc().getContext<Metadata>());
  return {
    ...{ connection: call.getPeer(), credential, isRead: isReading(call.getPath()) },
    ended: goneOverGrpc(call),
  };
}

/** The third argument of a gRPC handler is the call. */
function goneIn(context: ExecutionContext): AbortSignal {
  return context.getType() === 'http'
    ? abortSignalOf(context.switchToHttp().getResponse<FastifyReply>().raw)
    : goneOverGrpc(context.getArgByIndex<EndingCall>(2));
}
