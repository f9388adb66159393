import type { PlannedModel, PlannedServer } from '../plan.js';

/** Whom things may happen to, and for how long. */
export interface Cast {
  readonly servers: readonly PlannedServer[];
  readonly models: readonly PlannedModel[];
  readonly storm: number;
}
