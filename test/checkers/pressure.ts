import type { ActionOf, Class, Pressure, PressureLevel, Request } from '#core';
import type { TurnCheck } from './scene.js';

/** Written down again, and not taken from the core: what it sheds is held against this. */
const SHED: Readonly<Record<PressureLevel, readonly Class[]>> = {
  none: [],
  high: ['sheddable'],
  severe: ['sheddable', 'default'],
  extreme: ['sheddable', 'default'],
};

/** Under pressure half as many may wait as otherwise, and at least one where any may. */
export const underPressure = ({ level }: Pressure, bound: number): number =>
  level === 'none' ? bound : Math.ceil(bound / 2);

/** Whether a request was refused for the pressure alone, whatever room there was. */
export const isForPressure = ({ refusal }: ActionOf<'refuse'>): boolean =>
  refusal.reason === 'queue_full' && refusal.detail === 'pressure';

const isToGo = ({ level, since }: Pressure, { class: one, arrivedAt }: Request): boolean =>
  arrivedAt >= since && SHED[level].includes(one);

/**
 * A request that comes under a pressure that sheds its class does not wait, and no other request is refused for
 * pressure.
 */
export const pressureShedsNewcomers: TurnCheck = ({ turn, fleet, history, trail }) => {
  const { pressure, pending } = history;
  for (const action of turn.actions) {
    if (action.kind !== 'refuse' || !isForPressure(action)) continue;
    const request = pending.get(action.request);
    trail.expect(
      !request || isToGo(pressure, request),
      () => `${action.request} was shed for its class, under pressure that is ${pressure.level}`,
    );
  }
  if (pressure.level === 'none') return;
  for (const request of fleet.waiting.values()) {
    const { id, class: one } = request;
    trail.expect(
      !isToGo(pressure, request),
      () => `${id} is ${one}, came under pressure that is ${pressure.level}, and waits`,
    );
  }
};
