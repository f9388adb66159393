import type { Request } from './fleet-state.js';
import type { Class, Instant } from './model.js';

/** How hard this process is pressed by its own work, from the lowest level to the highest. */
export const PRESSURE_LEVELS = ['none', 'high', 'severe', 'extreme'] as const;

export type PressureLevel = (typeof PRESSURE_LEVELS)[number];

/** The present level, and since when the pressure has been at it. */
export interface Pressure {
  readonly level: PressureLevel;
  readonly since: Instant;
}

export const NO_PRESSURE: Pressure = { level: 'none', since: 0 };

/** The part of each bound on waiting requests that is left under pressure. */
const PART_LEFT = 1 / 2;

/** The classes whose new requests are shed; critical requests never are. */
const SHED_CLASSES: Readonly<Record<PressureLevel, readonly Class[]>> = {
  none: [],
  high: ['sheddable'],
  severe: ['sheddable', 'default'],
  extreme: ['sheddable', 'default'],
};

/** What is left of a bound on waiting requests: at least 1, unless the bound is 0. */
export const underPressure = ({ level }: Pressure, bound: number): number =>
  level === 'none' ? bound : Math.ceil(bound * PART_LEFT);

/**
 * Whether a request that has to wait is refused for the pressure alone. A request that came before the pressure rose
 * goes on waiting, within the bounds that are left, since what was done for it would be lost.
 */
export const isShed = (
  { level, since }: Pressure,
  { class: one, arrivedAt }: Pick<Request, 'class' | 'arrivedAt'>,
): boolean => arrivedAt >= since && SHED_CLASSES[level].includes(one);
