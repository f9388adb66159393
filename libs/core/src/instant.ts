import type { Action } from './fleet/actions.js';
import type { Event } from './fleet/events.js';
import type { Fleet } from './fleet/fleet.js';
import type { Instant, Millis } from './fleet/model.js';
import { step } from './step.js';

/** So many turns are taken at one instant at most. If that does not do, which is a fault of ours, it goes on so soon. */
const MOST_TURNS = 4;
const GOES_ON_AFTER: Millis = 100;

/** What was decided at one instant. */
interface Decided {
  readonly actions: readonly Action[];
  /** When it goes on, whatever happens or not; infinite where it came to rest. */
  readonly goesOnAt: Instant;
}

/**
 * All turns of one instant: the first hears what happened, and another one follows where something was given or taken that
 * others may use. What is given within the instant is not taken back in it, so it ends. Nothing is sent in between.
 */
export function playInstant(fleet: Fleet, events: readonly Event[], now: Instant): Decided {
  fleet.rerouted.clear();
  const actions: Action[] = [];
  let told = events;
  for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
    const decided = step(fleet, told, now);
    for (const one of decided.actions) actions.push(one);
    if (!decided.again) return { actions, goesOnAt: Infinity };
    told = [];
  }
  return { actions, goesOnAt: now + GOES_ON_AFTER };
}
