import assert from 'node:assert/strict';
import { type Action, copyFleet, type Event, type Fleet, type Instant, playInstant } from '#core';

/** What the core decides at one instant, which has to come to rest. */
export function decide(fleet: Fleet, events: readonly Event[], now: Instant): readonly Action[] {
  const { actions, isAtRest } = playInstant(fleet, events, now);
  assert(isAtRest, 'an instant comes to rest');
  return actions;
}

/** When the core wants its next turn, also after a test has changed the fleet behind its back: it is asked on a copy. */
export function wakeOf(fleet: Readonly<Fleet>, now: Instant): Instant {
  const copy = copyFleet(fleet);
  decide(copy, [], now);
  return copy.wakeAt;
}
