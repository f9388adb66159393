import type { ModelId, Placed, Replica, ServerId } from '#core';
import { CLASSES } from '../draw/asks.js';
import type { RareMark } from '../marks.js';
import { heard, isReborn, left, type Moment, type Sign } from './moment.js';
import { loadBegan } from '../../checkers/load-began.js';

/** What becomes of loads and unloads. */
export const ofOrders = {
  "server restarted while a load's reply was lost": (moment) =>
    left(moment, 'unknown', ({ after, server }, now) => after === 'load' && !now && isReborn(moment, server)),
  'new incarnation while unloading': (moment) =>
    left(moment, 'unloading', ({ server }, now) => !now && isReborn(moment, server)),
  'load without an answer had succeeded': (moment) =>
    left(moment, 'unknown', ({ after }, now) => after === 'load' && now?.phase === 'ready'),
  'load without an answer left nothing': (moment) =>
    left(
      moment,
      'unknown',
      ({ after, server }, now) => after === 'load' && !now && !isReborn(moment, server),
    ),
  'unload without an answer left the copy': (moment) =>
    left(moment, 'unknown', ({ after }, now) => after === 'unload' && now?.phase === 'ready'),
  'load failed and was tried elsewhere at once': (moment) =>
    heard(
      moment,
      'LoadEnded',
      ({ outcome, replica }) => outcome.kind === 'failed' && isTriedNow(moment, replica),
    ),
  'load ended without an answer while requests waited': (moment) =>
    heard(moment, 'LoadEnded', ({ outcome, replica }) => {
      const model = moment.past.replicas.get(replica)?.model;
      return (
        outcome.kind === 'unknown' && [...moment.fleet.waiting.values()].some((one) => one.model === model)
      );
    }),
  'copy left to come back with one more': (moment) =>
    left(
      moment,
      'ready',
      (was, now) =>
        now?.phase === 'draining' && (moment.fleet.reloads.get(was.id)?.cause ?? 'reload') !== 'reload',
    ),
  'higher class loaded before what was placed sooner': (moment) =>
    left(moment, 'placed', (was, now) => now?.phase === 'loading' && isPreferred(moment, was)),
} satisfies Partial<Record<RareMark, Sign>>;

/** What lasts: it counts when it begins. */
export const ofSlowOrders = {
  'load overdue at two servers': (moment) => {
    const models = overdueIn(moment).map(({ model }) => model);
    return models.some((model, at) => models.indexOf(model) < at);
  },
  'server with all slots overdue': (moment) => {
    const counts = new Map<ServerId, number>();
    for (const { server } of overdueIn(moment)) counts.set(server, (counts.get(server) ?? 0) + 1);
    return [...counts.values()].some((count) => count >= moment.fleet.limits.loadsPerServer);
  },
  'unload stuck': ({ fleet, turn }) =>
    [...fleet.unsettled].some((id) => {
      const replica = fleet.replicas.get(id)!;
      if (replica.phase !== 'unloading') return false;
      return turn.now - (replica.answeredAt ?? replica.orderedAt) >= fleet.limits.stuckAfter;
    }),
} satisfies Partial<Record<RareMark, Sign>>;

function isTriedNow({ turn, past }: Moment, failed: Replica['id']): boolean {
  const was = past.replicas.get(failed);
  return turn.actions.some(
    (action) => action.kind === 'load' && action.model === was?.model && action.server !== was.server,
  );
}

/** Whether something that was placed sooner on the same server, of a model of a lower class, waits on. */
function isPreferred({ fleet, past }: Moment, { server, model, since }: Placed): boolean {
  const rank = rankOf(fleet, model);
  return [...past.replicas.values()].some(
    (other) =>
      other.phase === 'placed' &&
      other.server === server &&
      other.since < since &&
      rankOf(fleet, other.model) < rank &&
      fleet.replicas.get(other.id)?.phase === 'placed',
  );
}

const rankOf = ({ models, defaults }: Moment['fleet'], model: ModelId): number =>
  -CLASSES.indexOf((models.get(model) ?? defaults).class);

/** The loads that have outlasted their time and may still run. */
function overdueIn({ fleet, turn }: Moment): { model: ModelId; server: ServerId }[] {
  if (fleet.unsettled.size === 0) return [];
  return [...fleet.unsettled].flatMap((id) => {
    const replica = fleet.replicas.get(id)!;
    const began = loadBegan(replica);
    const { loadTimeout } = fleet.models.get(replica.model) ?? fleet.defaults;
    return began !== null && turn.now - began >= loadTimeout ? [replica] : [];
  });
}
