import {
  copyFleet,
  type Event,
  type Fleet,
  type Instant,
  type Model,
  type ModelId,
  type RequestId,
} from '#core';
import { aRequest } from '../../support/builders.js';
import { furnish, NOW, read } from './furnish.js';
import type { Demand, SmallFleet } from './small-fleet.js';
import { judge, type Verdict, type Wanted } from './verdict.js';
import { copiesPresent } from './ways.js';
import { decide } from '../../support/decide.js';

/**
 * Meets the demands of a small fleet one after another, and those that still wait once more when they are starving;
 * yields what the planner says to each turn.
 */
export function* trials(plan: SmallFleet): Iterable<Verdict> {
  const fleet = furnish(plan);
  let now = NOW;
  settle(fleet, now);
  for (const [index, demand] of plan.demands.entries()) {
    const id = `demand-${index}` as RequestId;
    const model = modelFor(fleet, demand, now);
    if (!model) return;
    const { event, wanted } = told(fleet, model, demand, { id, now });
    yield take(fleet, [event], wanted, now);
    const later = now + fleet.limits.starvation;
    const isMissed = wanted.request === null || fleet.waiting.has(id);
    if (isMissed && fleet.wantedSince.has(model.id) && isStillWaiting(fleet, later)) {
      now = later;
      read(fleet, now);
      yield take(fleet, [], { ...wanted, isStarving: true }, now);
    }
    settle(fleet, now);
  }
}

/** One turn, and what the planner says to it. */
function take(fleet: Fleet, events: readonly Event[], wanted: Wanted, now: Instant): Verdict {
  const before = copyFleet(fleet);
  before.models.set(wanted.model.id, wanted.model);
  const actions = decide(fleet, events, now);
  return judge({ before, after: fleet, actions, now }, wanted);
}

/**
 * Whether every request that waits now still waits then. Else what the others give up could be taken, and would prove
 * nothing.
 */
const isStillWaiting = (fleet: Fleet, then: Instant): boolean =>
  [...fleet.waiting.values()].every(({ deadline }) => deadline > then);

/** A model without a copy, if there is such; disabled models too. */
function modelFor(fleet: Fleet, { of }: Demand, now: Instant): Model | undefined {
  const all = [...fleet.models.values()];
  const absent = all.filter(({ id }) => copiesPresent(fleet, id, now) === 0);
  const choice = absent.length > 0 ? absent : all;
  return choice[of % choice.length];
}

function told(
  fleet: Fleet,
  model: Model,
  { kind, wait }: Demand,
  { id, now }: { readonly id: RequestId; readonly now: Instant },
): { event: Event; wanted: Wanted } {
  if (kind === 'pin' && !takesBack(fleet, model)) {
    const copies = copiesPresent(fleet, model.id, now) + 1;
    const pinned = { ...model, pinnedCopies: copies };
    const wanted = { model: pinned, copies, request: null, isPinned: true, isStarving: false };
    return { event: { kind: 'ModelDeclared', model: pinned }, wanted };
  }
  const request = aRequest(id, model.id, now, { wait, class: 'critical' });
  const wanted = { model, copies: 1, request, isPinned: false, isStarving: false };
  return { event: { kind: 'RequestArrived', request }, wanted };
}

/** Whether a pin would need no place of its own: it takes back what drains, and the places of others. */
const takesBack = (fleet: Fleet, { id }: Model): boolean =>
  [...fleet.replicas.values()].some(
    ({ model, phase }) => phase === 'placed' || (model === id && phase === 'draining'),
  );

/** Takes turns until nothing is left to do, and takes back what is wanted and finds no place: what comes next is alone. */
function settle(fleet: Fleet, now: Instant): void {
  for (let turn = 0; turn < 6; turn += 1) {
    read(fleet, now);
    decide(fleet, [], now);
    const lacking = [...fleet.wantedSince.keys()];
    if (lacking.length === 0) return;
    // A refused request leaves best-effort demand.
    fleet.bestEffort.clear();
    decide(
      fleet,
      lacking.flatMap((model) => withdrawn(fleet, model)),
      now,
    );
  }
  throw new Error('a fleet that does not come to rest');
}

function withdrawn(fleet: Fleet, id: ModelId): Event[] {
  const model = fleet.models.get(id)!;
  const waiting = [...fleet.waiting.values()].filter((request) => request.model === id);
  return [
    ...waiting.map((request): Event => ({ kind: 'RequestCancelled', request: request.id })),
    { kind: 'ModelDeclared', model: { ...model, pinnedCopies: 0 } },
    ...Array.from(fleet.servers.keys(), (server): Event => ({ kind: 'DrainEnded', server })),
  ];
}
