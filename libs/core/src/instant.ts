import { modelsBarred } from './controllers/bars.js';
import { copiesWanted } from './controllers/copies.js';
import type { Action } from './fleet/actions.js';
import type { Event } from './fleet/events.js';
import type { Fleet } from './fleet/fleet.js';
import type { Instant, Millis } from './fleet/model.js';
import { Now } from './numbers/now.js';
import { observe } from './observe/observe.js';
import { step } from './step.js';

/** Bound of turns at one instant. If more are needed, which is a fault of ours, the next come after the pause below. */
const MAX_TURNS = 4;
const GOES_ON_AFTER: Millis = 100;

/** What was decided at one instant. */
interface Decided {
  readonly actions: readonly Action[];
  /** Whether its last turn gave and took nothing. */
  readonly isAtRest: boolean;
}

/**
 * All turns of one instant. Once what happened was heard, controllers tell what follows from it, and a turn is taken. Another one
 * follows where something was given or taken that others may use, or where controllers tell more. What is given within the
 * instant is not taken back in it, so it ends. Nothing is sent in between. It sets `fleet.wakeAt`, the one alarm: the earliest
 * moment that the last turn asked for and that has not come.
 */
export function playInstant(fleet: Fleet, events: readonly Event[], at: Instant): Decided {
  fleet.rerouted.clear();
  fleet.startedAt ??= at;
  fleet.now = at;
  hear(fleet, events, at);
  const actions: Action[] = [];
  let told = control(fleet, new Now(at));
  for (let turn = 1; turn <= MAX_TURNS; turn += 1) {
    hear(fleet, told, at);
    const now = new Now(at);
    const decided = step(fleet, now);
    for (const one of decided.actions) actions.push(one);
    told = control(fleet, now);
    fleet.wakeAt = now.next;
    if (!decided.again && told.length === 0) return { actions, isAtRest: true };
  }
  fleet.wakeAt = at + GOES_ON_AFTER;
  return { actions, isAtRest: false };
}

/** What is heard is judged once: no time that passes changes that, and no alarm is set for it. */
function hear(fleet: Fleet, events: readonly Event[], at: Instant): void {
  for (const event of events) observe(fleet, event, new Now(at));
}

/** What controllers tell of the fleet as it is. */
const control = (fleet: Readonly<Fleet>, now: Now): readonly Event[] =>
  fleet.closing ? [] : [...modelsBarred(fleet), ...copiesWanted(fleet, now)];
