import type { Fleet } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import type { PressureLevel } from '../fleet/pressure.js';

/** What was known already has lasted since it was told first. */
export function changePressure(fleet: Fleet, level: PressureLevel, now: Instant): void {
  if (fleet.pressure.level !== level) fleet.pressure = { level, since: now };
}
