import { type Action, type Event, type Fleet, memoryOf } from '#core';

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

/** What a fleet holds, and what is left of each account. */
export function pictureOf(fleet: Readonly<Fleet>): string {
  const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
  const replicas = [...fleet.replicas.values()].map(({ id, phase, stranger, bookings }) => {
    const booked = bookings.map(({ account, bytes }) => `${account} ${mib(bytes)}`);
    return `${id} ${phase}${stranger ? ' (stranger)' : ''}: ${booked.join(' + ')}`;
  });
  const accounts = [...fleet.servers.values()].flatMap(({ devices }) =>
    (devices ?? []).map(({ account }) => {
      const { held, capacity } = memoryOf(fleet)(account);
      return `${account} ${mib(held)} of ${mib(capacity)} MiB`;
    }),
  );
  return [...replicas, ...accounts].join('\n  ');
}
