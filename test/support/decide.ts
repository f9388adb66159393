import assert from 'node:assert/strict';
import { type Action, type Event, type Fleet, type Instant, playInstant } from '#core';

/** What the core decides at one instant, which has to come to rest. */
export function decide(fleet: Fleet, events: readonly Event[], now: Instant): readonly Action[] {
  const { actions, goesOnAt } = playInstant(fleet, events, now);
  assert(goesOnAt === Infinity, 'an instant comes to rest');
  return actions;
}
