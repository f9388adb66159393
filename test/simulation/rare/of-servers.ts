import { memoryOf, type ModelId, type Ready, type Replica, type ReplicaId } from '#core';
import type { RareMark } from '../marks.js';
import { found, isLostNow, left, type Moment, requestOf, type Sign } from './moment.js';

/** For so long an unload counts as just done. */
const JUST_NOW = 30_000;
const TOGETHER = 2_000;
/** Failures without a success in between, as the core counts them. */
const FAILURES_TO_FLAG = 3;

/** What servers do, and what is found on them. */
export const ofServers = {
  'hidden copy booked': ({ fleet, past }) =>
    [...past.servers].some(([id, { hidden }]) => (fleet.servers.get(id)?.hidden.length ?? 0) > hidden),
  'stranger found with a model we had just unloaded': (moment) =>
    strangersFound(moment).some(({ model }) => {
      const unloadedAt = moment.fleet.lastUnloads.get(model)?.at ?? -Infinity;
      return moment.turn.now - unloadedAt < JUST_NOW;
    }),
  'stranger found where there was no room': (moment) =>
    strangersFound(moment).some(({ bookings }) => {
      const memory = memoryOf(moment.fleet);
      return bookings.some(({ account }) => memory(account).held > memory(account).capacity);
    }),
  'two servers lost within 2 s': (moment) => {
    const now = [...moment.past.servers.keys()].filter((id) => isLostNow(moment, id));
    if (now.length === 0) return false;
    const before = [...moment.past.lostAt].filter(
      ([id, at]) => !now.includes(id) && moment.turn.now - at < TOGETHER,
    );
    return now.length + before.length >= 2;
  },
  'slow server lost': (moment) =>
    [...moment.past.servers].some(([id, { contact }]) => contact === 'slow' && isLostNow(moment, id)),
  'all servers lost while requests waited': (moment) =>
    moment.past.requests.size > 0 &&
    [...moment.past.servers.keys()].some((id) => isLostNow(moment, id)) &&
    [...moment.fleet.servers.values()].every(
      ({ contact }) => contact.kind === 'lost' || contact.kind === 'down',
    ),
  'failing copy still routed': (moment) =>
    routedIn(moment).some((id) => isFailing(moment, id) && isOnlyOne(moment, id)),
  'copy let go for taking more than its limit': (moment) =>
    left(
      moment,
      'ready',
      ({ model }, now) =>
        now?.phase === 'draining' && now.cause === 'withdrawn' && moment.fleet.limitViolations.has(model),
    ),
  'quarantined model asked for': (moment) =>
    moment.turn.actions.some(
      (action) =>
        action.kind === 'refuse' &&
        action.refusal.reason === 'load_failed' &&
        action.refusal.cause === 'capacity' &&
        moment.fleet.limitViolations.has(requestOf(moment, action.request)!.model),
    ),
  'failing copy replaced': (moment) =>
    moment.turn.actions.some(
      (action) =>
        action.kind === 'load' &&
        moment.fleet.models.get(action.model)?.onFailing === 'replace' &&
        found(moment, action.model).some(({ id }) => isFailing(moment, id)),
    ),
  'ensemble step shared by two ensembles': (moment) =>
    moment.changes.some(
      ({ was, now }) => now?.phase === 'ready' && was?.phase !== 'ready' && sharesAStep(moment, now),
    ),
} satisfies Partial<Record<RareMark, Sign>>;

const strangersFound = ({ changes }: Moment): Replica[] =>
  changes.flatMap(({ was, now }) => (now?.stranger && (was === undefined || !was.stranger) ? [now] : []));

function routedIn({ turn }: Moment): ReplicaId[] {
  const granted = turn.actions.flatMap((action) => (action.kind === 'grant' ? [action.replica] : []));
  const used = turn.events.flatMap((event) =>
    event.kind === 'RoutesUsed' ? event.uses.map(({ replica }) => replica) : [],
  );
  return [...granted, ...used];
}

function isFailing({ fleet }: Moment, id: ReplicaId): boolean {
  const replica = fleet.replicas.get(id);
  return replica?.phase === 'ready' && (replica.pulse?.failures ?? 0) >= FAILURES_TO_FLAG;
}

/** Whether no other copy of its model could have been routed to that does not fail. */
function isOnlyOne(moment: Moment, id: ReplicaId): boolean {
  const { model } = moment.fleet.replicas.get(id)!;
  return ![...moment.fleet.replicas.values()].some(
    (other) => other.model === model && other.phase === 'ready' && !isFailing(moment, other.id),
  );
}

function sharesAStep({ fleet }: Moment, ensemble: Ready): boolean {
  const steps = stepsOf(fleet, ensemble.model);
  if (steps.length === 0) return false;
  return [...fleet.replicas.values()].some(
    ({ model, server, phase }) =>
      model !== ensemble.model &&
      server === ensemble.server &&
      phase === 'ready' &&
      stepsOf(fleet, model).some((step) => steps.includes(step)),
  );
}

const stepsOf = (fleet: Moment['fleet'], model: ModelId): readonly ModelId[] => fleet.steps.get(model) ?? [];
