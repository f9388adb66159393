import type { Action } from '../fleet/actions.js';
import { heldBackIn, turnBehind } from './hold-back.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import { throughputOf } from './throughput.js';
import { refusal } from './refuse.js';
import { SHORT_HINT } from './verdicts.js';

/**
 * Refuses held-back requests whose turn comes after their deadlines, at once. The hint is a turn behind all others. The
 * deadline is that of the route (`waitMs`), however long serving takes then.
 */
export function refuseLateTurns(fleet: Fleet, now: Instant): Action[] {
  const refused: Action[] = [];
  for (const [model, backlog] of fleet.backlogs) {
    const throughput = throughputOf(fleet, model)!;
    const late: Request[] = [];
    let served = 0;
    for (const request of heldBackIn(fleet, backlog)) {
      if (turnBehind(backlog, throughput, served) < request.deadline) served += 1;
      else late.push(request);
    }
    const retryAfter = Math.max(SHORT_HINT, turnBehind(backlog, throughput, served) - now);
    for (const request of late) {
      fleet.waiting.delete(request.id);
      refused.push(refusal(fleet, request, { reason: 'deadline_unreachable', retryAfter }, now));
    }
  }
  return refused;
}
