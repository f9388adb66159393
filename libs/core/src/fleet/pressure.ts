import type { Class, Instant } from './model.js';

/** How hard this process is pressed by its own work, as the core is told of it: from the lowest to the highest. */
export const PRESSURE_LEVELS = ['none', 'high', 'severe', 'extreme'] as const;

export type PressureLevel = (typeof PRESSURE_LEVELS)[number];

/** The present pressure, and since when it has been at that level. */
export interface Pressure {
  readonly level: PressureLevel;
  readonly since: Instant;
}

export const NO_PRESSURE: Pressure = { level: 'none', since: 0 };

/** Under pressure this part of what may wait otherwise may. */
const PART_LEFT = 1 / 2;

/** The classes that are shed: critical requests never are, within the bounds that are left. */
const SHED_CLASSES: Readonly<Record<PressureLevel, readonly Class[]>> = {
  none: [],
  high: ['sheddable'],
  severe: ['sheddable', 'default'],
  extreme: ['sheddable', 'default'],
};

/** What is left of a bound: at least one, where the bound lets any request wait. */
export const underPressure = ({ level }: Pressure, bound: number): number =>
  level === 'none' ? bound : Math.ceil(bound * PART_LEFT);

/** How much a request matters, and since when it waits. */
interface Arrival {
  readonly class: Class;
  readonly arrivedAt: Instant;
}

/**
 * Whether a request that has to wait is refused for the pressure alone. A request that waited before goes on waiting,
 * within the bounds that are left: what was done for it would be lost.
 */
export const isShed = ({ level, since }: Pressure, { class: one, arrivedAt }: Arrival): boolean =>
  arrivedAt >= since && SHED_CLASSES[level].includes(one);
