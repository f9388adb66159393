import type { RequestId } from '#core';
import type { TurnCheck } from './scene.js';

/** Nothing permanent is said while a server was never seen. */
export const permanentAnswersAreSure: TurnCheck = ({ turn, fleet, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'refuse') continue;
    const { reason } = action.refusal;
    if (reason !== 'unknown_model' && reason !== 'infeasible') continue;
    const unseen = [...fleet.servers.values()].filter(({ everSeen, mode }) => !everSeen && mode === null);
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

/** Nobody is answered twice, and who was answered does not wait. */
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
