import type { Action, Event } from '#core';

/** An event or an action in a few words; none for looks, which come and go all the time. */
export function inShort(one: Event | Action): string[] {
  switch (one.kind) {
    case 'Looked':
    case 'look':
      return [];
    case 'RequestArrived':
      return [`${one.request.id} asks for ${one.request.model} until ${one.request.deadline.toFixed(0)}`];
    case 'LoadEnded':
    case 'UnloadEnded':
      return [`${one.kind} ${one.replica} ${JSON.stringify(one.outcome)}`];
    case 'ConfigLearned':
      return [`${one.kind} ${one.model}@${one.server} ${one.config.kind} ${one.config.gpus.join('+')}`];
    case 'ModelDeclared':
      return [`ModelDeclared ${one.model.id} pinned ${one.model.pinnedCopies}`];
    case 'load':
      return [`load ${one.replica} on ${one.config ? one.config.gpus.join('+') : 'all'}`];
    case 'unload':
      return [`unload ${one.replica} (${one.cause})`];
    case 'grant':
      return [`${one.request} goes to ${one.replica}`];
    case 'refuse':
      return [`${one.request} refused ${one.refusal.reason}`];
    default:
      return [JSON.stringify(one)];
  }
}
