import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  MalformedRequest,
  type ResolveRequestMessage,
  type RouteMessage,
  routerClientService,
} from '#contracts';
import type { ResolveQuery } from '#engine';
import { principalOverGrpc } from '../transport/access/principals.js';
import type { RpcErrors } from '../transport/errors/rpc-errors.js';
import { type ReceivedCall, toldBack } from '../cluster/forwarding/grpc-forward.js';
import type { GrpcAnswer } from '../cluster/forwarding/grpc-link.js';
import { malformed } from '../transport/grpc/requests.js';
import { goneOverGrpc } from '../transport/limits/caller-gone.js';
import { patience } from './deadline.js';
import { queryOf, requestIdIn } from './resolve-request.js';
import type { Resolver } from './resolver.js';

type ResolveCall = ServerUnaryCall<ResolveRequestMessage | MalformedRequest, RouteMessage>;

type Retold = (message: Buffer) => RouteMessage;

interface Parts {
  readonly resolver: Resolver;
  readonly errors: RpcErrors;
  readonly retold: Retold;
}

/** `berth.v1.Router` as raw handlers: the hot calls go past Nest. */
export function routerHandlers(resolver: Resolver, errors: RpcErrors): UntypedServiceImplementation {
  const read = routerClientService()['Resolve']!.responseDeserialize as (message: Buffer) => RouteMessage;
  const retold: Retold = (message) => resolver.retold(read(message));
  return {
    resolve(call: ResolveCall, callback: sendUnaryData<RouteMessage>): void {
      try {
        resolve(call, callback, { resolver, errors, retold });
      } catch (error) {
        callback(errors.of(error, requestIdIn(call.request)));
      }
    },
  };
}

function resolve(
  call: ResolveCall,
  callback: sendUnaryData<RouteMessage>,
  { resolver, errors, retold }: Parts,
): void {
  const query = timedQueryOf(call);
  const route = resolver.warm(query);
  if (route !== undefined) return callback(null, route);
  const cold = resolver.cold(
    call.request,
    query,
    principalOverGrpc(call.metadata),
    async ({ grpc }, next, times) => tell(callback, await grpc.send(receivedOf(call), next, times), retold),
  );
  call.on('cancelled', () => cold.cancel());
  cold.answer
    .then((given) => given && callback(null, given))
    .catch((error: unknown) => callback(errors.of(error, query.requestId)));
}

const receivedOf = (call: ResolveCall): ReceivedCall => ({
  path: call.getPath(),
  metadata: call.metadata,
  deadline: Number(call.getDeadline()),
  peer: call.getPeer(),
  signal: goneOverGrpc(call),
});

/** What the leader says is told as it came, but for a version that is earlier than one told before. */
function tell(callback: sendUnaryData<RouteMessage>, { message, refusal }: GrpcAnswer, retold: Retold): void {
  if (refusal !== null)
    return callback({ code: refusal.code, details: refusal.details, metadata: toldBack(refusal.metadata) });
  callback(null, message && retold(message));
}

/** The query, with the wait cut so that the answer comes before the call's deadline. */
function timedQueryOf(call: ResolveCall): ResolveQuery {
  if (call.request instanceof MalformedRequest) throw malformed(call.request);
  const query = queryOf(principalOverGrpc(call.metadata), call.request.model, call.request);
  const deadline = call.getDeadline();
  if (deadline === Infinity) return query;
  const remaining = patience(Number(deadline) - Date.now());
  return { ...query, wait: Math.min(query.wait ?? Infinity, remaining) };
}
