import { Inject, Injectable } from '@nestjs/common';
import { type Reason, type RouteMessage, routerClientService, toldIn } from '#contracts';
import type { ResolveQuery } from '#engine';
import type { GrpcAnswer } from '../../cluster/forwarding/grpc-link.js';
import { Refused } from '../../transport/errors/refused.js';
import { NO_LEADER } from '../../transport/lifecycle.js';
import { Resolver } from '../resolver.js';
import type { EnvoyCaller } from './envoy-caller.js';

const { Resolve: RESOLVE } = routerClientService();

/** Has a request wait for a cold model, here or at the leader: that is asked by a resolve call, not by a stream. */
@Injectable()
export class ColdPicks {
  constructor(@Inject(Resolver) private readonly resolver: Resolver) {}

  async wait(query: ResolveQuery, caller: EnvoyCaller): Promise<RouteMessage> {
    const { metadata, peer, principal } = caller;
    const signal = caller.signal();
    let told: RouteMessage | undefined;
    const received = { path: RESOLVE!.path, metadata, deadline: Infinity, peer, signal };
    const cold = this.resolver.cold(requestOf(query), query, principal, async ({ grpc }, next, times) => {
      told = this.resolver.retold(routeIn(await grpc.send(received, next, times)));
    });
    const leave = (): void => cold.cancel();
    signal.addEventListener('abort', leave);
    try {
      return (await cold.answer) ?? told!;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }
}

const requestOf = ({
  model,
  version,
  wait,
  lease,
  class: asked,
  avoid,
  affinityKey,
  requestId,
}: ResolveQuery): object => ({
  model,
  ...(version !== null && { version }),
  ...(wait !== null && { waitMs: wait }),
  leaseMs: lease,
  ...(asked !== null && { class: asked }),
  avoid,
  ...(affinityKey !== undefined && { affinityKey }),
  ...(requestId !== undefined && { requestId }),
});

function routeIn({ message, refusal }: GrpcAnswer): RouteMessage {
  if (message !== null) return RESOLVE!.responseDeserialize(message) as RouteMessage;
  const told = toldIn(refusal?.metadata.get('grpc-status-details-bin')[0]);
  if (told === null) throw new Refused(NO_LEADER);
  const { reason, ...rest } = told;
  throw new Refused({ ...rest, reason: reason.toLowerCase() as Reason, detail: refusal!.details });
}
