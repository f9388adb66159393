import { HandedOut, pickRoute, type RequestId } from '#core';
import type { TurnCheck } from './scene.js';

/** Nothing permanent is said while a server was never seen, or may not be declared yet. */
export const permanentAnswersAreSure: TurnCheck = ({ turn, fleet, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'refuse') continue;
    const { reason } = action.refusal;
    if (reason !== 'unknown_model' && reason !== 'infeasible') continue;
    const unseen = [...fleet.servers.values()].filter(({ everSeen, mode }) => !everSeen && mode === null);
    trail.expect(!fleet.serversAwaited, () => `${reason} while it is not known which servers there are`);
    trail.expect(unseen.length === 0, () => `${reason} while ${unseen[0]!.spec.id} was never seen`);
  }
};

/** A route is given only to what is ready on a server that can be reached. */
export const routesAreReady: TurnCheck = ({ turn, fleet, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'grant') continue;
    const server = fleet.servers.get(action.replica.split('@')[1] as never)!;
    const isReachable = server.looked && (server.contact.kind === 'up' || server.contact.kind === 'slow');
    trail.expect(isReachable, () => `a route to ${action.replica}, which is ${server.contact.kind}`);
  }
};

/** No request is answered twice, and an answered request does not wait. */
export const answersOnce: TurnCheck = ({ turn, fleet, trail }) => {
  const answered = new Set<RequestId>();
  for (const action of turn.actions) {
    if (action.kind !== 'grant' && action.kind !== 'refuse') continue;
    const { request } = action;
    const isFirst = !answered.has(request) && !fleet.waiting.has(request);
    trail.expect(isFirst, () => `${request} was answered and still waits, or twice`);
    answered.add(request);
  }
};

/** Each request is answered once and then waits no more; a request that never arrived is not answered. */
export const oneAnswerEach: TurnCheck = ({ turn, fleet, history, trail }) => {
  const open = new Set(history.pending.keys());
  for (const action of turn.actions) {
    if (action.kind !== 'grant' && action.kind !== 'refuse') continue;
    const { request } = action;
    trail.expect(open.delete(request), () => `${request} was answered and does not wait for an answer`);
  }
  const isSame = open.size === fleet.waiting.size && [...open].every((id) => fleet.waiting.has(id));
  trail.expect(isSame, () => `${open.size} wait for an answer, and the fleet knows of ${fleet.waiting.size}`);
};

/** No request waits past its deadline. */
export const nobodyWaitsTooLong: TurnCheck = ({ turn, fleet, trail }) => {
  for (const { id, deadline } of fleet.waiting.values()) {
    trail.expect(deadline > turn.now, () => `${id} still waits past its deadline ${deadline.toFixed(1)}`);
  }
};

/** A request that has waited until its deadline is granted no route; one with no wait at all may have what is there. */
export const theLateAreGrantedNothing: TurnCheck = ({ turn, history, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'grant') continue;
    const { arrivedAt, deadline } = history.pending.get(action.request)!;
    const isInTime = deadline > turn.now || deadline <= arrivedAt;
    trail.expect(
      isInTime,
      () => `${action.request} was given a route at ${turn.now}, after its deadline ${deadline}`,
    );
  }
};

/** Where a request is refused as too late no copy serves that it could have been given. */
export const unreachableIsTooLate: TurnCheck = ({ turn, fleet, history, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'refuse' || action.refusal.reason !== 'deadline_unreachable') continue;
    const request = history.pending.get(action.request)!;
    const copy = pickRoute(fleet, request, { lastUse: () => undefined, handedOut: new HandedOut() });
    trail.expect(!copy, () => `${action.request} was turned away as too late though ${copy!.id} serves`);
  }
};
