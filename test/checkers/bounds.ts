import { type Fleet, type Millis, type Model, type Replica, type Server, unsatisfiedPins } from '#core';
import { leasesCutAt, LET_GO_AFTER } from './leases.js';
import { type TurnCheck, withdrawn } from './scene.js';
import { waitsToLeave } from './families.js';

/** For so long after its first turn a Berth waits for the first look at each server. */
const SETTLING: Millis = 10_000;

/** A cancelled request neither waits any longer nor is answered. */
export const cancelledAreForgotten: TurnCheck = ({ turn, fleet, trail }) => {
  for (const event of turn.events) {
    if (event.kind !== 'RequestCancelled') continue;
    const { request } = event;
    const isAnswered = turn.actions.some((action) => 'request' in action && action.request === request);
    trail.expect(!isAnswered, () => `${request} was cancelled and answered all the same`);
    trail.expect(!fleet.waiting.has(request), () => `${request} was cancelled and still waits`);
  }
};

/** What is switched off is not loaded, neither for itself nor along with others. */
export const disabledStayAway: TurnCheck = ({ turn, fleet, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'load') continue;
    const off = [action.model, ...action.coLoaded].filter(
      (model) => fleet.models.get(model)?.enabled === false,
    );
    trail.expect(off.length === 0, () => `load ${action.replica} brings ${off[0]}, which is disabled`);
  }
};

/** Once the deadline of a drain has come, nothing gives routes any more where orders can be sent; a freeze comes first. */
export const drainsKeepTheirDeadline: TurnCheck = ({ turn, fleet, trail }) => {
  if (fleet.frozen || fleet.held || fleet.loadsHeld) return;
  const late = [...fleet.servers.values()].filter(
    (server) => (server.drain?.deadline ?? Infinity) <= turn.now && takesOrders(server),
  );
  for (const { spec } of late) {
    const left = [...fleet.replicas.values()].filter(
      (one) =>
        one.server === spec.id &&
        one.phase === 'ready' &&
        !one.outlived &&
        !(one.stranger && spec.strangers === 'keep'),
    );
    trail.expect(left.length === 0, () => `${left[0]!.id} is ready past the deadline of its server's drain`);
  }
};

/**
 * Whatever leases were given: a server that drains with a deadline has let go ten seconds after that of all that has drained
 * as long, but of what others there are made of, or may be, and of what waits for the end of other orders there. No drain ends a
 * lease on a stranger that is kept, nor lets go of what that one is made of.
 */
export const drainsLetGo: TurnCheck = (scene) => {
  const { turn, fleet, trail } = scene;
  // A watcher may have given other leases, and keep what it does not acknowledge.
  if (fleet.frozen || fleet.held || fleet.loadsHeld || fleet.watchers.size > 0) return;
  for (const server of fleet.servers.values()) {
    if (leasesCutAt(fleet, server.spec.id) > turn.now || !takesOrders(server)) continue;
    const here = [...fleet.replicas.values()].filter((one) => one.server === server.spec.id);
    const isKept = (one: Replica): boolean => one.stranger && server.spec.strangers === 'keep';
    const isOverdue = (one: Replica): boolean =>
      one.phase === 'draining' &&
      turn.now >= one.since + LET_GO_AFTER &&
      !isKept(one) &&
      !waitsToLeave(scene, one);
    if (here.some((one) => !isOverdue(one) && mayBeEnsemble(fleet, server, one))) continue;
    const left = here.filter(isOverdue);
    trail.expect(
      left.length === 0,
      () => `${left[0]!.id} is there long after the deadline of its server's drain`,
    );
  }
};

const mayBeEnsemble = ({ composed }: Fleet, { configs }: Server, { model }: Replica): boolean =>
  composed.has(model) || !configs.has(model);

const takesOrders = ({ contact, looked, mode, secondLookFrom }: Server): boolean =>
  contact.kind === 'up' && looked && secondLookFrom === null && (mode === 'explicit' || mode === null);

/** Where the operator said `keep`, a stranger goes only by an admin's order. */
export const keptStrangersStay: TurnCheck = (scene) => {
  for (const { was, now } of withdrawn(scene)) {
    const isKept = was.stranger && scene.fleet.servers.get(was.server)?.spec.strangers === 'keep';
    scene.trail.expect(
      !isKept || now.cause === 'admin',
      () => `${was.id} is a stranger's to keep and was let go: ${now.cause}`,
    );
  }
};

/**
 * In its first seconds a Berth gives nothing a place while a server that is there was not looked at: it may have it.
 * What had its place before that server came back may begin to load.
 */
export const firstLooksComeFirst: TurnCheck = ({ turn, fleet, changes, trail }) => {
  if (fleet.startedAt === null || turn.now >= fleet.startedAt + SETTLING) return;
  const unseen = [...fleet.servers.values()].find(
    ({ lookedAt, contact, mode }) =>
      lookedAt === null &&
      contact.kind !== 'lost' &&
      contact.kind !== 'down' &&
      (mode ?? 'explicit') === 'explicit',
  );
  const placed = changes.find(
    ({ was, now }) => !was && (now?.phase === 'placed' || now?.phase === 'loading'),
  );
  trail.expect(
    !placed || !unseen,
    () => `${placed!.now!.id} has a place before the first look at ${unseen!.spec.id}`,
  );
};

/** Nothing is called infeasible for its size that would fit a server with nothing pinned on it, up or down. */
export const infeasibleIsTrue: TurnCheck = ({ turn, fleet, history, trail }) => {
  for (const action of turn.actions) {
    if (action.kind !== 'refuse' || action.refusal.reason !== 'infeasible') continue;
    const request = history.pending.get(action.request);
    const model = request && fleet.models.get(request.model);
    if (!model || fleet.composed.has(model.id) || unsatisfiedPins(fleet).length > 0) continue;
    const fitting = [...fleet.servers.values()].find(
      (server) => wouldHold(server, model, measuredOf(fleet, model)) && isEmpty(fleet, server),
    );
    trail.expect(
      !fitting,
      () => `${model.id} was called infeasible (${action.refusal.detail}), and fits ${fitting!.spec.id}`,
    );
  }
};

const isEmpty = ({ replicas }: Readonly<Fleet>, { spec }: Server): boolean =>
  ![...replicas.values()].some(({ server }) => server === spec.id);

/**
 * A model that was seen to take more than was declared is booked with that, and so is one that ran out of more. Where nothing was
 * declared and it was measured twice, it is booked with 15 % or 256 MiB more than that.
 */
function measuredOf({ footprints, outgrown }: Readonly<Fleet>, { id, gpuDeclared }: Model): number {
  const { peak, times } = footprints.get(id) ?? { peak: 0, times: 0 };
  const margin = !gpuDeclared && times >= 2 ? Math.max(256 * 2 ** 20, 0.15 * peak) : 0;
  return Math.max(peak + margin, outgrown.get(id) ?? 0);
}

/** Sure only where the server has one GPU and the host has no bound. */
function wouldHold({ spec, repository, devices, everSeen }: Server, model: Model, measured: number): boolean {
  const [device, ...others] = devices ?? [];
  if (model.deviceSets.length > 0) return false;
  if (!everSeen || !device || others.length > 0 || device.kind !== 'gpu' || spec.hostMemory !== null)
    return false;
  const isLabelled = Object.entries(model.require).every(([key, value]) => spec.labels[key] === value);
  const bytes = Math.max(model.gpuBytes, measured);
  return isLabelled && repository.has(model.id) && bytes <= device.capacity;
}
