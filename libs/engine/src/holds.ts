import type { Event, Fleet } from '#core';
import type { EngineParts } from './engine-parts.js';

/** What keeps orders back and has changed since the last turn. */
export function holdsNow(
  { held, loadsHeld }: Readonly<Fleet>,
  { leadership, store }: Pick<EngineParts, 'leadership' | 'store'>,
): Event[] {
  const now = { OrdersHeld: !leadership.mayAct(), LoadsHeld: store.failure !== null };
  return [
    ...(now.OrdersHeld === held ? [] : [{ kind: 'OrdersHeld', isHeld: now.OrdersHeld } as const]),
    ...(now.LoadsHeld === loadsHeld ? [] : [{ kind: 'LoadsHeld', isHeld: now.LoadsHeld } as const]),
  ];
}
