import type { Action } from '../actions.js';
import { heldBackIn, turnBehind } from '../backlogs.js';
import type { Fleet, Request } from '../fleet.js';
import type { Instant } from '../model.js';
import { throughputOf } from '../throughput.js';
import { refusal, SHORT } from './refuse.js';

/**
 * Turns those away who are held back and whose turn comes too late: they are told at once, and a turn behind all others at which
 * to come again. What counts is the deadline for a route, since that is what a caller says (`waitMs`); how long it takes to
 * be served then is the caller's affair.
 */
export function refuseBelated(fleet: Fleet, now: Instant): Action[] {
  const belated: Action[] = [];
  for (const [model, backlog] of fleet.backlogs) {
    const throughput = throughputOf(fleet, model)!;
    const late: Request[] = [];
    let served = 0;
    for (const request of heldBackIn(fleet, backlog)) {
      if (turnBehind(backlog, throughput, served) < request.deadline) served += 1;
      else late.push(request);
    }
    const retryAfter = Math.max(SHORT, turnBehind(backlog, throughput, served) - now);
    for (const request of late) {
      fleet.waiting.delete(request.id);
      belated.push(refusal(fleet, request, { reason: 'deadline_unreachable', retryAfter }, now));
    }
  }
  return belated;
}
