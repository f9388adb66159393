import type { PlannedModel, PlannedServer } from '../plan.js';
import type { Temper } from './settings.js';

/** What things may happen to, and for how long. */
export interface Cast {
  readonly servers: readonly PlannedServer[];
  readonly models: readonly PlannedModel[];
  readonly storm: number;
  readonly temper: Temper;
}
