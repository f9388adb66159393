import type { Event } from '../fleet/events.js';
import { type Fleet, replicasOn } from '../fleet/fleet.js';
import { plainRequest } from '../answers/request-of.js';
import type { ModelId, RequestId, ServerId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { idleAt } from '../demand/idle.js';
import { routableReplicas } from '../learned/routes.js';
import type { Supposition } from './plan.js';

/** A supposition as events. */
export interface Supposed {
  readonly events: readonly Event[];
  /** The arrivals of requests. A turn hears of a few of them, so that it is short. */
  readonly arrivals: readonly Event[];
  /** The model of each supposed request. */
  readonly requests: ReadonlyMap<RequestId, ModelId>;
  /** The servers that are lost or to be drained. */
  readonly gone: ReadonlySet<ServerId>;
}

/** Makes events of a supposition, as if all of it happened now. */
export function suppose(
  fleet: Readonly<Fleet>,
  { models, lost, drained, asked, tenant }: Supposition,
  now: Instant,
): Supposed {
  const declared = new Map([...fleet.models, ...models.map((model) => [model.id, model] as const)]);
  const wanted = [...new Set([...asked, ...losingWarmth(fleet, new Set(lost), now)])];
  const requests = wanted.map((id, at) =>
    plainRequest(`plan-${at}` as RequestId, id, tenant, declared.get(id), now),
  );
  return {
    events: [
      ...models.map((model): Event => ({ kind: 'ModelDeclared', model })),
      ...lost.map((server): Event => ({ kind: 'ContactChanged', server, fact: 'leaving' })),
      ...drained.map((server): Event => ({ kind: 'DrainOrdered', server, deadline: null })),
    ],
    arrivals: requests.map((request): Event => ({ kind: 'RequestArrived', request })),
    requests: new Map(requests.map(({ id, model }) => [id, model])),
    gone: new Set([...lost, ...drained]),
  };
}

/** Models in use on lost servers that are warm nowhere else: they are asked for again. */
function losingWarmth(fleet: Readonly<Fleet>, lost: ReadonlySet<ServerId>, now: Instant): ModelId[] {
  return [...lost].flatMap((server) =>
    replicasOn(fleet, server).flatMap((replica) => {
      if (replica.phase !== 'ready' || (idleAt(fleet, replica) ?? Infinity) <= now) return [];
      const isElsewhere = routableReplicas(fleet, replica.model).some((one) => !lost.has(one.server));
      return isElsewhere ? [] : [replica.model];
    }),
  );
}
