import { modelsBarred } from './controllers/bars.js';
import { copiesWanted } from './controllers/copies.js';
import type { Action } from './fleet/actions.js';
import type { Event } from './fleet/events.js';
import type { Fleet } from './fleet/fleet.js';
import type { Instant, Millis } from './fleet/model.js';
import { observe } from './observe/observe.js';
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
 * All turns of one instant. Once what happened was heard, controllers tell what follows from it, and a turn is taken. Another one
 * follows where something was given or taken that others may use, or where controllers tell more. What is given within the
 * instant is not taken back in it, so it ends. Nothing is sent in between.
 */
export function playInstant(fleet: Fleet, events: readonly Event[], now: Instant): Decided {
  fleet.rerouted.clear();
  fleet.startedAt ??= now;
  fleet.now = now;
  hear(fleet, events, now);
  const actions: Action[] = [];
  let told = control(fleet, now);
  for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
    hear(fleet, told, now);
    const decided = step(fleet, now);
    for (const one of decided.actions) actions.push(one);
    told = control(fleet, now);
    if (!decided.again && told.length === 0) return { actions, goesOnAt: Infinity };
  }
  return { actions, goesOnAt: now + GOES_ON_AFTER };
}

function hear(fleet: Fleet, events: readonly Event[], now: Instant): void {
  for (const event of events) observe(fleet, event, now);
}

/** What controllers tell of the fleet as it is. */
const control = (fleet: Readonly<Fleet>, now: Instant): readonly Event[] =>
  fleet.closing ? [] : [...modelsBarred(fleet), ...copiesWanted(fleet, now)];
