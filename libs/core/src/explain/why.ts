import type { Refusal } from '../fleet/actions.js';
import type { Fleet, LastUnload, Wish } from '../fleet/fleet.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import type { Forecast } from '../learned/load-times.js';
import type { Instant, Millis, Model } from '../fleet/model.js';
import { describeWait, type Wait } from '../loading/eta.js';
import { routableReplicas } from '../learned/routes.js';
import { mayBeLoaded, presentCopies } from '../demand/wants.js';
import type { FailureCause } from '../fleet/replica.js';
import { areLoadsStopped } from '../fleet/standing.js';
import { lastFailure, modelState, type ModelState, nextTryAt } from './view.js';
import { whyHere, type WhyHere } from './why-here.js';
import { Scene } from './scene.js';
import { whyThere, type WhyThere } from './why-there.js';
import { requestsFor } from '../fleet/waiting.js';

/** Why a model is where it is, or nowhere, in facts and numbers. */
export interface Why {
  readonly model: ModelId;
  /** Null: it was neither declared nor discovered. */
  readonly source: Model['source'] | null;
  readonly enabled: boolean;
  readonly state: ModelState;
  readonly demand: Demand;
  readonly here: readonly WhyHere[];
  /** Every server; empty for an unknown model. */
  readonly there: readonly WhyThere[];
  /** The load that a request which came now would wait for, as long as the model allows; null where none is needed. */
  readonly job: WhyJob | null;
  /** How long a request that came now would wait (P50); null where it would get no route. */
  readonly predictedWait: Millis | null;
  readonly lastFailure: { readonly at: Instant; readonly cause: FailureCause } | null;
  readonly nextTryAt: Instant | null;
  readonly lastUnload: LastUnload | null;
}

/** The load that a request would wait for, and its forecast. */
interface WhyJob {
  /** Null where there is no place for it. */
  readonly server: ServerId | null;
  readonly devices: readonly number[];
  /** Null where it is not known. */
  readonly startsAt: Instant | null;
  readonly readyAt: Forecast | null;
  /** Why the request would be refused at once; null where it would wait. */
  readonly refusal: Refusal['reason'] | null;
}

/** What asks for copies of a model, and since when it lacks one. */
export interface Demand {
  readonly pinnedCopies: number;
  readonly presentCopies: number;
  readonly waiting: readonly { readonly since: Instant; readonly deadline: Instant }[];
  readonly wish: Wish | null;
  readonly lacksSince: Instant | null;
  /** How far its load has come; null where none is wanted. */
  readonly wait: Wait | null;
}

/** Answers "why?" for one model at this moment. Changes nothing. */
export function whyOf(fleet: Readonly<Fleet>, id: ModelId, now: Instant): Why {
  const model = fleet.models.get(id);
  const scene = model && new Scene(fleet, model, now);
  const there = scene ? whyThere(scene) : [];
  const job = scene ? jobFor(scene) : null;
  return {
    model: id,
    source: model?.source ?? null,
    enabled: model?.enabled ?? false,
    state: modelState(fleet, id, now),
    demand: demandFor(fleet, id, now),
    here: whyHere(fleet, id, now),
    there,
    job,
    predictedWait: scene ? predictedWait(scene, job) : null,
    lastFailure: lastFailure(fleet, id),
    nextTryAt: nextTryAt(fleet, id, now),
    lastUnload: fleet.lastUnloads.get(id) ?? null,
  };
}

function demandFor(fleet: Readonly<Fleet>, id: ModelId, now: Instant): Demand {
  const waiting = requestsFor(fleet, id);
  const lacksSince = fleet.wantedSince.get(id) ?? null;
  return {
    pinnedCopies: fleet.models.get(id)?.pinnedCopies ?? 0,
    presentCopies: presentCopies(fleet, id, now),
    waiting: waiting.map(({ arrivedAt: since, deadline }) => ({ since, deadline })),
    wish: fleet.wishes.get(id) ?? null,
    lacksSince,
    wait: waiting.length > 0 || lacksSince !== null ? describeWait(fleet, id, now) : null,
  };
}

/** How long a request for the model that came now would wait for it (P50); 0 where a copy is warm. */
function predictedWait({ fleet, model, now }: Scene, job: WhyJob | null): Millis | null {
  if (!model.enabled || !mayBeLoaded(fleet, model.id)) return null;
  if (routableReplicas(fleet, model.id).length > 0) return 0;
  if (presentCopies(fleet, model.id, now) > 0) return describeWait(fleet, model.id, now).eta?.p50 ?? null;
  return job && !areLoadsStopped(fleet) ? waitFor(job, now) : null;
}

const waitFor = ({ readyAt, refusal }: WhyJob, now: Instant): Millis | null =>
  readyAt && refusal === null ? Math.max(0, readyAt.p50 - now) : null;

const NOWHERE = { server: null, devices: [] };

/** The job of a supposed request, as admission judges it. */
function jobFor({ supposed }: Scene): WhyJob | null {
  if (!supposed?.forecast) return null;
  const { place, start, ready } = supposed.forecast;
  const at = place ? { server: place.server.spec.id, devices: place.devices } : NOWHERE;
  return {
    ...at,
    startsAt: start.at === Infinity ? null : start.at,
    readyAt: ready.p50 === Infinity ? null : ready,
    refusal: supposed.why?.reason ?? null,
  };
}
