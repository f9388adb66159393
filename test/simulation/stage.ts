import type { Instant } from '#core';
import type { Agenda } from '#testing';
import type { Berth } from './berth.js';
import type { Plan } from './plan.js';
import type { Site } from './site.js';
import type { Store } from './store.js';
import type { Told } from './told.js';
import type { Trail } from './trail.js';
import type { Delays } from './wire.js';

/** What all parts of a world have to do with. */
export interface Stage {
  readonly plan: Plan;
  readonly agenda: Agenda;
  readonly trail: Trail;
  readonly sites: ReadonlyMap<string, Site>;
  readonly store: Store;
  readonly told: Told;
  readonly delays: Delays;
  /** When the storm ends. */
  readonly stormEnd: Instant;
  /** Undefined while no process runs. */
  readonly berth: () => Berth | undefined;
  /** Ends the process; another one begins some time later. */
  readonly endBerth: (how: 'crash' | 'stop', downFor: number) => string | void;
}
