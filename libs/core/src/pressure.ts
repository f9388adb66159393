import type { Class, Instant } from './model.js';

/** How hard this process is pressed by its own work, as whoever measures it says: from the lowest to the highest. */
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

/** Who is shed: the critical never are, within the bounds that are left. */
const SHED: Readonly<Record<PressureLevel, readonly Class[]>> = {
  none: [],
  high: ['sheddable'],
  severe: ['sheddable', 'default'],
  extreme: ['sheddable', 'default'],
};

/** What is left of a bound: of one that lets anybody wait, at least one. */
export const underPressure = ({ level }: Pressure, bound: number): number =>
  level === 'none' ? bound : Math.ceil(bound * PART_LEFT);

/** How much somebody matters who asks, and since when he waits. */
interface Asking {
  readonly class: Class;
  readonly arrivedAt: Instant;
}

/**
 * Whether somebody who has to wait is turned away for that alone. Who waited before goes on waiting, within the bounds that
 * are left: what was done for them would be lost.
 */
export const isShed = ({ level, since }: Pressure, { class: one, arrivedAt }: Asking): boolean =>
  arrivedAt >= since && SHED[level].includes(one);
