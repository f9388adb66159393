import { type AccountId, type Event, memoryOf, type ModelId, type Replica } from '#core';
import type { RareMark } from '../marks.js';
import { found, heard, isLostNow, left, type Moment, type Sign } from './moment.js';

/** What admins order while something else is under way. */
export const ofAdmins = {
  'model withdrawn while it loads': (moment) =>
    heard(moment, 'ModelWithdrawn', ({ model }) => isLoading(moment, model)),
  'model disabled under a lease': (moment) =>
    heard(moment, 'ModelDeclared', ({ model: { id, enabled } }) => !enabled && isLeased(moment, id)),
  'load finished at a server that was drained meanwhile': (moment) =>
    left(moment, 'loading', ({ server, orderedAt }, now) => {
      const drain = moment.fleet.servers.get(server)?.drain;
      return now !== undefined && hasCome(now) && drain != null && drain.since > orderedAt;
    }),
  'drain deadline passed under a lease': (moment) =>
    left(moment, 'ready', ({ server, inUseUntil }, now) => {
      const deadline = moment.fleet.servers.get(server)?.drain?.deadline ?? Infinity;
      const isOver = deadline <= moment.turn.now && inUseUntil > moment.turn.now;
      return isOver && now?.phase === 'draining' && now.cause === 'drain';
    }),
  'lease cut by a drain': (moment) =>
    left(moment, 'draining', ({ server, inUseUntil }, now) => {
      const { drain } = moment.fleet.servers.get(server) ?? {};
      return now?.phase === 'unloading' && drain?.deadline != null && inUseUntil > moment.turn.now;
    }),
  'unload forced under a lease': (moment) =>
    heard(moment, 'UnloadOrdered', ({ model, force }) => force && isLeased(moment, model)),
  'unload ordered for what was loading': (moment) =>
    heard(moment, 'UnloadOrdered', ({ model }) => isLoading(moment, model)),
  'limits lowered below what is held': (moment) =>
    moment.turn.events.some(mayLower) && moment.past.servers.size > 0 && isOverFull(moment),
  'server of a pinned copy lost': (moment) =>
    [...moment.past.servers.keys()].some(
      (id) =>
        isLostNow(moment, id) &&
        [...moment.past.replicas.values()].some(
          ({ server, phase, model }) =>
            server === id && phase === 'ready' && (moment.past.models.get(model)?.pinnedCopies ?? 0) > 0,
        ),
    ),
} satisfies Partial<Record<RareMark, Sign>>;

/** It may have to leave again in the very turn in which it came. */
const hasCome = ({ phase }: Replica): boolean => phase !== 'loading' && phase !== 'unknown';

const isLoading = (moment: Moment, model: ModelId): boolean =>
  found(moment, model).some(({ phase }) => phase === 'loading');

const isLeased = (moment: Moment, model: ModelId): boolean =>
  found(moment, model).some((was) => was.phase === 'ready' && was.inUseUntil > moment.turn.now);

const LOWERING: ReadonlySet<Event['kind']> = new Set(['LimitsSet', 'ServerDeclared', 'ModelDeclared']);

const mayLower = ({ kind }: Event): boolean => LOWERING.has(kind);

/** More is held than there is, on an account that held no more than that by the bookings of before. */
function isOverFull({ fleet, past, changes }: Moment): boolean {
  const grown = new Set(
    changes.flatMap(({ was, now }) => (was?.phase === now?.phase ? accountsOf(now) : [])),
  );
  const memory = memoryOf(fleet);
  const isOver = (account: AccountId): boolean => memory(account).held > memory(account).capacity;
  if ([...grown].some(isOver)) return true;
  const loads = [...past.replicas.values()].filter(({ phase }) => phase === 'loading');
  return loads.length > 0 && [...past.servers.keys()].some((id) => isOverLoads(id, loads, fleet.limits));
}

const isOverLoads = (
  id: string,
  loads: readonly { readonly server: string }[],
  { loadsPerServer }: { readonly loadsPerServer: number },
): boolean => loads.filter(({ server }) => server === id).length > loadsPerServer;

const accountsOf = (replica: { readonly bookings: readonly { readonly account: AccountId }[] } | undefined) =>
  (replica?.bookings ?? []).map(({ account }) => account);
