import {
  dependenciesOf,
  type Fleet,
  type Instant,
  isSpread,
  type ModelId,
  pickRoute,
  type Replica,
  type Request,
  type RequestId,
} from '#core';
import type { TurnCheck, TurnScene } from './scene.js';

const NOBODY = { lastUse: () => undefined };

/** The end of a millisecond that a float lost. */
const ROUNDED = 1e-6;

/**
 * Whether a request stood in a backlog when the turn decided: one that is refused then is taken out of it only later.
 */
export const isOfBacklog = ({ backlogs }: Readonly<Fleet>, { id, model }: Request): boolean =>
  backlogs.get(model)?.queue.has(id) ?? false;

/**
 * Where a copy serves, a request waits only if it came while the model was cold. How fast the model serves is known
 * then, and the turn of the request is to come.
 */
export const onlyTheColdAreHeldBack: TurnCheck = ({ fleet, turn, trail }) => {
  if (fleet.closing) return;
  for (const request of fleet.waiting.values()) {
    const copy = pickRoute(fleet, request, NOBODY);
    if (!copy) continue;
    const backlog = fleet.backlogs.get(request.model);
    trail.expect(
      isOfBacklog(fleet, request) && request.arrivedAt < backlog!.since,
      () => `${request.id} waits though ${copy.id} serves, and came when it did`,
    );
    trail.expect(backlog!.next > turn.now, () => `${request.id} waits for a turn that has come`);
    trail.expect(
      perMilli(fleet, request.model, turn.now) < Infinity,
      () => `nobody knows how fast ${copy.id} serves`,
    );
  }
};

/** What a backlog has let go, and how many that may have been at most. */
interface Account {
  readonly since: Instant;
  readonly queue: ReadonlySet<RequestId>;
  readonly at: Instant;
  readonly rate: number;
  /** How many its copies took together then. */
  readonly round: number;
  readonly most: number;
  readonly gone: number;
}

/** Held-back requests get their routes no faster than their model serves; only the first round gets them at once. */
export const backlogsKeepToTheRate = (): TurnCheck => {
  const accounts = new Map<ModelId, Account>();
  return (scene) => {
    const { fleet, turn, trail } = scene;
    for (const [model, account] of accounts) {
      const after = carriedOn(scene, model, account);
      trail.expect(
        after.gone <= after.most + ROUNDED,
        () => `${after.gone} who waited for ${model} have a route, and it served ${after.most} meanwhile`,
      );
      if (fleet.backlogs.get(model)?.since === account.since) accounts.set(model, after);
      else accounts.delete(model);
    }
    for (const [model, { since, queue }] of fleet.backlogs) {
      if (accounts.has(model)) continue;
      const round = oneRound(fleet, model, turn.now);
      const gone = grantedOf(scene, (id) => waitedFor(scene, model, id));
      trail.expect(gone <= round, () => `${gone} got a route to ${model} at once, ${round} may`);
      const rate = perMilli(fleet, model, turn.now);
      accounts.set(model, { since, queue, at: turn.now, rate, round, most: round, gone });
    }
  };
};

/**
 * How fast it serves may be known better since, and is taken for the faster of both. A copy that has become ready since has
 * nothing to do yet: as many as it takes together go at once, as they did to the first.
 */
function carriedOn(scene: TurnScene, model: ModelId, account: Account): Account {
  const { fleet, turn } = scene;
  const rate = perMilli(fleet, model, turn.now);
  const round = oneRound(fleet, model, turn.now);
  const served = Math.max(rate, account.rate) * (turn.now - account.at);
  return {
    ...account,
    queue: fleet.backlogs.get(model)?.queue ?? account.queue,
    at: turn.now,
    rate,
    round,
    gone: account.gone + grantedOf(scene, (id) => account.queue.has(id)),
    most: account.most + Math.max(0, round - account.round) + served,
  };
}

const grantedOf = ({ turn }: TurnScene, isOfThese: (id: RequestId) => boolean): number =>
  turn.actions.filter((action) => action.kind === 'grant' && isOfThese(action.request)).length;

const waitedFor = ({ history, turn }: TurnScene, model: ModelId, id: RequestId): boolean => {
  const request = history.pending.get(id);
  return request?.model === model && request.arrivedAt < turn.now;
};

/** Requests per millisecond, by the slowest of what an ensemble is made of; infinity where nothing is known. */
function perMilli(fleet: Readonly<Fleet>, model: ModelId, now: Instant): number {
  return Math.min(
    ...partsOf(fleet, model).map((part) => {
      const each = meanTime(fleet, part);
      return each > 0 ? atOnce(fleet, part, now) / each : Infinity;
    }),
    Infinity,
  );
}

/** How many requests are let go together: a backlog takes no turn more often than every 10 ms. */
function oneRound(fleet: Readonly<Fleet>, model: ModelId, now: Instant): number {
  const slowest = partsOf(fleet, model).filter((part) => meanTime(fleet, part) > 0);
  return Math.max(
    ...slowest.map((part) => atOnce(fleet, part, now) * Math.ceil(10 / meanTime(fleet, part))),
    0,
  );
}

const partsOf = (fleet: Readonly<Fleet>, model: ModelId): readonly ModelId[] =>
  fleet.steps.has(model) ? [...dependenciesOf(fleet, model)] : [model];

function meanTime({ serviceTimes }: Readonly<Fleet>, model: ModelId): number {
  const known = serviceTimes.get(model);
  return known ? known.took / known.served : 0;
}

/** What this very turn has drained, as a reload does, gave its routes before. */
function atOnce(fleet: Readonly<Fleet>, model: ModelId, now: Instant): number {
  const isServing = ({ phase, since }: Replica): boolean =>
    phase === 'ready' || (phase === 'draining' && since === now);
  const ready = [...fleet.replicas.values()].filter((one) => one.model === model && isServing(one));
  return ready.reduce((sum, replica) => sum + atOnceOn(fleet, replica), 0);
}

function atOnceOn(fleet: Readonly<Fleet>, { model, server, devices }: Replica): number {
  const { count = 1, batch = 1 } = fleet.servers.get(server)!.configs.get(model) ?? {};
  return count * batch * (isSpread(fleet.models.get(model)) ? 1 : Math.max(1, devices.length));
}

/** No request is held back for longer than ten times what makes a queue stand. */
export const nobodyIsHeldForLong: TurnCheck = ({ fleet, turn, trail }) => {
  for (const [model, { since, queue }] of fleet.backlogs) {
    const left = [...queue].filter((id) => fleet.waiting.has(id));
    const loadTimeout = (fleet.models.get(model) ?? fleet.defaults).loadTimeout;
    const most = Math.max(10_000, loadTimeout);
    trail.expect(
      left.length === 0 || turn.now - since <= most,
      () => `${left[0]} is held back ${turn.now - since} ms after ${model} was ready`,
    );
  }
};
