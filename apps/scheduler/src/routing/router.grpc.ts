import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { MalformedRequest, type ResolveRequestMessage, type RouteMessage } from '#contracts';
import type { ResolveQuery } from '#engine';
import { principalOverGrpc } from '../access/principals.js';
import { factsOf, Refused } from '../errors/refused.js';
import type { RpcErrors } from '../errors/rpc-errors.js';
import { toldBack } from '../forwarding/grpc-forward.js';
import type { Times } from '../forwarding/http-forward.js';
import { PatientCall } from '../forwarding/waits.js';
import { malformed } from '../grpc/requests.js';
import { goneOverGrpc } from '../caller-gone.js';
import type { Following } from '../reigns/following.js';
import { patience } from './deadline.js';
import { queryOf, requestIdIn } from './resolve-request.js';
import type { Resolver } from './resolver.js';

type ResolveCall = ServerUnaryCall<ResolveRequestMessage | MalformedRequest, RouteMessage>;

/** `berth.v1.Router` as raw handlers: the hot calls go past Nest. */
export function routerHandlers(resolver: Resolver, errors: RpcErrors): UntypedServiceImplementation {
  return {
    resolve(call: ResolveCall, callback: sendUnaryData<RouteMessage>): void {
      try {
        resolve(call, callback, resolver, errors);
      } catch (error) {
        callback(errors.of(error, requestIdIn(call.request)));
      }
    },
  };
}

function resolve(
  call: ResolveCall,
  callback: sendUnaryData<RouteMessage>,
  resolver: Resolver,
  errors: RpcErrors,
): void {
  const query = timedQueryOf(call);
  const route = resolver.warm(query);
  if (route !== undefined) return callback(null, route);
  const began = performance.now();
  const pending = resolver.wait(query);
  call.on('cancelled', () => pending.cancel());
  pending.answer
    .then(async (given) => {
      if (given.kind === 'route') return callback(null, resolver.message(given));
      const { handsOn } = resolver;
      if (given.refusal.reason !== 'no_leader' || handsOn === null) throw new Refused(factsOf(given.refusal));
      const patient = new PatientCall(call.request, query, began, handsOn.longestWait);
      const times = resolver.timesOf(patient.times, query);
      await handOn(call, callback, handsOn, patient, times).catch((error: unknown) =>
        callback(null, resolver.instead(error, query)),
      );
    })
    .catch((error: unknown) => callback(errors.of(error, query.requestId)));
}

/** Has the leader answer: what it says is told as it came. */
async function handOn(
  call: ResolveCall,
  callback: sendUnaryData<RouteMessage>,
  { grpc }: Following,
  patient: PatientCall,
  times: Times,
): Promise<void> {
  const received = {
    path: call.getPath(),
    metadata: call.metadata,
    deadline: Number(call.getDeadline()),
    peer: call.getPeer(),
    gone: goneOverGrpc(call),
  };
  const { message, refusal } = await grpc.send(received, () => patient.next(), times);
  if (refusal === null) callback(null, message as never);
  else callback({ code: refusal.code, details: refusal.details, metadata: toldBack(refusal.metadata) });
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
