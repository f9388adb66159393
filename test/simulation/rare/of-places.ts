import type { ModelId, Replica } from '#core';
import type { RareMark } from '../marks.js';
import { found, heard, left, type Moment, type Sign } from './moment.js';

/** Which replica has to leave for which newcomer, and what becomes of the place meanwhile. */
export const ofPlaces = {
  'placed replica whose victim was pinned meanwhile': (moment) =>
    heard(
      moment,
      'ModelDeclared',
      ({ model }) => isPinnedNow(moment, model) && found(moment, model.id).some(makesRoom),
    ),
  'pin lifted while placed': (moment) =>
    heard(
      moment,
      'ModelDeclared',
      ({ model: { id, pinnedCopies } }) =>
        pinnedCopies === 0 &&
        (moment.past.models.get(id)?.pinnedCopies ?? 0) > 0 &&
        found(moment, id).some(({ phase }) => phase === 'placed'),
    ),
  'placed replica lost its server': (moment) =>
    left(
      moment,
      'placed',
      ({ server }, now) => !now && moment.fleet.servers.get(server)?.contact.kind !== 'up',
    ),
  'starvation drained a copy in use': (moment) =>
    left(moment, 'ready', (was, now) => isEvicted(now) && was.inUseUntil > moment.turn.now),
  'two copies left for one newcomer': (moment) => {
    const newcomers = moment.changes.flatMap(({ was, now }) =>
      was?.phase === 'ready' && isEvicted(now) ? [now.makesRoomFor] : [],
    );
    return newcomers.some((one, at) => newcomers.indexOf(one) < at);
  },
  'soft idle copy evicted': (moment) =>
    left(moment, 'ready', ({ model: id, lastUse }, now) => {
      const { idleMode, idleUnload } = moment.fleet.models.get(id) ?? moment.fleet.defaults;
      const isIdle = idleUnload !== null && moment.turn.now - lastUse >= idleUnload;
      return isEvicted(now) && idleMode === 'soft' && isIdle;
    }),
  'place given up when nobody waited any more': (moment) =>
    left(
      moment,
      'placed',
      ({ model, server }, now) =>
        !now &&
        left(
          moment,
          'draining',
          (was, kept) => was.makesRoomFor === model && was.server === server && kept?.phase === 'ready',
        ),
    ),
  'drain of a copy cancelled': (moment) => left(moment, 'draining', (_, now) => now?.phase === 'ready'),
  'evicted model asked for in the same turn': (moment) =>
    left(moment, 'ready', ({ model }, now) => isEvicted(now) && isAskedFor(moment, model)),
  'leaving model asked for': (moment) =>
    heard(moment, 'RequestArrived', ({ request }) => {
      const copies = found(moment, request.model);
      return copies.length > 0 && copies.every(isLeaving);
    }),
} satisfies Partial<Record<RareMark, Sign>>;

type Leaving = Extract<Replica, { readonly phase: 'draining' | 'unloading' }>;

const isLeaving = (replica: Replica | undefined): replica is Leaving =>
  replica?.phase === 'draining' || replica?.phase === 'unloading';

const isEvicted = (replica: Replica | undefined): replica is Leaving =>
  isLeaving(replica) && replica.cause === 'evicted';

const makesRoom = (replica: Replica): boolean => isLeaving(replica) && replica.makesRoomFor !== null;

const isPinnedNow = (
  { past }: Moment,
  { id, pinnedCopies }: { readonly id: ModelId; readonly pinnedCopies: number },
): boolean => pinnedCopies > (past.models.get(id)?.pinnedCopies ?? 0);

const isAskedFor = (moment: Moment, model: ModelId): boolean =>
  heard(moment, 'RequestArrived', ({ request }) => request.model === model);
