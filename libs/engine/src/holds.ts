import type { Event, Fleet } from '#core';
import type { EngineParts } from './engine-parts.js';

/** What keeps orders back and has changed since the last turn. */
export function holdsNow(fleet: Readonly<Fleet>, { leadership }: Pick<EngineParts, 'leadership'>): Event[] {
  const isHeld = !leadership.mayAct();
  return isHeld === fleet.held ? [] : [{ kind: 'OrdersHeld', isHeld }];
}
