import type { Now } from '../numbers/now.js';
import type { Fleet, LastUnload, BestEffort } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Model } from '../fleet/model.js';
import { describeWait, type Wait } from '../loading/eta.js';
import { presentCopies } from '../demand/wants.js';
import type { FailureCause } from '../fleet/replica.js';
import { lastFailure, modelState, type ModelState, nextTryAt } from '../explain/view.js';
import { whyHere, type WhyHere } from '../explain/why-here.js';
import { Scene } from '../explain/scene.js';
import { whyThere, type WhyThere } from '../explain/why-there.js';
import { type Foretold, foretold } from './foretold.js';
import { requestsFor } from '../fleet/waiting.js';

/** Why a model is where it is, or nowhere, in facts and numbers. */
export interface Why extends Foretold {
  readonly model: ModelId;
  /** Null: it was neither declared nor discovered. */
  readonly source: Model['source'] | null;
  readonly enabled: boolean;
  readonly state: ModelState;
  readonly demand: Demand;
  readonly here: readonly WhyHere[];
  /** Every server; empty for an unknown model. */
  readonly there: readonly WhyThere[];
  readonly lastFailure: { readonly at: Instant; readonly cause: FailureCause } | null;
  readonly nextTryAt: Instant | null;
  readonly lastUnload: LastUnload | null;
}

/** What asks for copies of a model, and since when it lacks one. */
export interface Demand {
  readonly pinnedCopies: number;
  readonly presentCopies: number;
  readonly waiting: readonly { readonly since: Instant; readonly deadline: Instant }[];
  readonly bestEffort: BestEffort | null;
  readonly lacksSince: Instant | null;
  /** How far its load has come; null where none is wanted. */
  readonly wait: Wait | null;
}

/** Answers "why?" for one model at this moment. Changes nothing. */
export function whyOf(fleet: Readonly<Fleet>, id: ModelId, now: Now): Why {
  const model = fleet.models.get(id);
  return {
    model: id,
    source: model?.source ?? null,
    enabled: model?.enabled ?? false,
    state: modelState(fleet, id, now),
    demand: demandFor(fleet, id, now),
    here: whyHere(fleet, id, now),
    there: model ? whyThere(new Scene(fleet, model, now)) : [],
    ...foretold(fleet, id, now),
    lastFailure: lastFailure(fleet, id),
    nextTryAt: nextTryAt(fleet, id, now),
    lastUnload: fleet.lastUnloads.get(id) ?? null,
  };
}

function demandFor(fleet: Readonly<Fleet>, id: ModelId, now: Now): Demand {
  const waiting = requestsFor(fleet, id);
  const lacksSince = fleet.wantedSince.get(id) ?? null;
  return {
    pinnedCopies: fleet.models.get(id)?.pinnedCopies ?? 0,
    presentCopies: presentCopies(fleet, id, now),
    waiting: waiting.map(({ arrivedAt: since, deadline }) => ({ since, deadline })),
    bestEffort: fleet.bestEffort.get(id) ?? null,
    lacksSince,
    wait: waiting.length > 0 || lacksSince !== null ? describeWait(fleet, id, now) : null,
  };
}
