import type { Action, Fleet, Instant, Model, ModelId, Ready, Replica, Request, Server } from '#core';
import { isWithin, isWrittenOff, looseness, roomIn, type Way } from './books.js';
import { mayBeAsked, mayLeaveTogether, type Newcomer } from './leave.js';
import {
  compareHarm,
  couldFit,
  frees,
  harmOf,
  isSpent,
  isListed,
  opensBefore,
  type Plan,
  plansFor,
  waysFree,
} from './planner.js';
import { copiesPresent, isUp, isWelcome, waysTo } from './ways.js';

/** What one turn made of a demand. */
export interface Turn {
  readonly before: Fleet;
  readonly after: Fleet;
  readonly actions: readonly Action[];
  readonly now: Instant;
}

/** What is wanted of a model in that turn. */
export interface Wanted extends Newcomer {
  readonly copies: number;
  /** Null: no request waits for it, it is to stay. */
  readonly request: Request | null;
}

/** What the planner makes of a demand, and where the core disagrees, in words; undefined where it does not. */
export interface Verdict {
  readonly kind: 'nothing to do' | 'room' | 'others leave' | 'no way';
  readonly disagreement: string | undefined;
}

export function judge(turn: Turn, wanted: Wanted): Verdict {
  const { before, now } = turn;
  const ways = lacksCopies(before, wanted, now) ? waysTo(before, wanted.model, wanted.copies) : [];
  const free = waysFree(before, ways, now);
  const decided = { found: placeIn(turn, wanted.model), left: leftIn(turn) };
  if (free.length > 0) {
    const isHarder = ways.some(takesGpu) ? lacksGpu : () => false;
    return { kind: 'room', disagreement: onFree(turn, wanted.model, { free, isHarder }, decided) };
  }
  const able = ways.filter((way) => !isSpent(before, way, wanted, now));
  const plans = able.map((way) => plansFor(before, way, wanted, now));
  if (plans.some((some) => some.length > 0)) {
    return { kind: 'others leave', disagreement: onEviction(turn, wanted, plans, decided) };
  }
  const isCold = copiesPresent(before, wanted.model.id, now) === 0 && !isServedByFailing(before, wanted);
  const idle = onIdle(decided);
  if (!isCold || wanted.request === null) return { kind: 'nothing to do', disagreement: idle };
  return { kind: 'no way', disagreement: idle ?? onNothing(turn, wanted, wanted.request) };
}

const lacksCopies = (fleet: Fleet, wanted: Wanted, now: Instant): boolean =>
  wanted.model.enabled &&
  copiesPresent(fleet, wanted.model.id, now) < wanted.copies &&
  !isServedByFailing(fleet, wanted) &&
  !failsEverywhere(fleet, wanted.model.id);

/** Whether the request gets a route to a copy that only fails, since it is all there is. */
const isServedByFailing = (fleet: Fleet, { request, model }: Wanted): boolean =>
  request !== null && failingCopies(fleet, model.id).some(({ server }) => isUp(fleet.servers.get(server)!));

/** Whether two copies of it fail: no third one is tried, as long as one of them stays. */
const failsEverywhere = (fleet: Fleet, id: ModelId): boolean =>
  failingCopies(fleet, id).length > 1 &&
  failingCopies(fleet, id).some(({ server }) => !fleet.servers.get(server)!.drain);

const failingCopies = (fleet: Fleet, id: ModelId): readonly Replica[] =>
  [...fleet.replicas.values()].filter((one) => one.model === id && isWrittenOff(fleet, one));

interface Decided {
  readonly found: Found | undefined;
  readonly left: ReadonlySet<Ready>;
}

function onIdle({ found, left }: Decided): string | undefined {
  if (found) return `a place was found on ${shown(found)} where none can be freed`;
  return left.size > 0 ? `${names(left)} had to leave for nothing` : undefined;
}

const shown = ({ server, devices }: Found): string => `${server}/${devices.join('+')}`;
const names = (replicas: ReadonlySet<Replica>): string =>
  Array.from(replicas, ({ id }) => id)
    .toSorted()
    .join(' ');

interface Found {
  readonly server: string;
  readonly devices: readonly number[];
}

/** The place that the model was given in this turn. */
function placeIn({ before, after }: Turn, { id }: Model): Found | undefined {
  for (const replica of after.replicas.values()) {
    if (replica.model !== id) continue;
    const earlier = before.replicas.get(replica.id);
    if (!earlier) return replica;
    const hadNone = earlier.phase === 'ready' && !earlier.change;
    if (hadNone && replica.phase === 'ready' && replica.change) {
      return { server: replica.server, devices: replica.change.devices };
    }
  }
  return undefined;
}

/** The replicas that were ready before and have to go. */
function leftIn({ before, after }: Turn): ReadonlySet<Ready> {
  const left = [...before.replicas.values()].filter(
    ({ id, phase }) => phase === 'ready' && after.replicas.get(id)?.phase !== 'ready',
  );
  return new Set(left as Ready[]);
}

const isAt = ({ server, devices }: Way, found: Found): boolean =>
  server.spec.id === found.server && String(devices) === String(found.devices);

/** Whether a way takes memory of some GPU, and whether there is none where it leads. */
const takesGpu = ({ server, needs }: Way): boolean =>
  (server.devices ?? []).some(({ kind, account }) => kind === 'gpu' && (needs.get(account) ?? 0) > 0);
const lacksGpu = ({ server }: Way): boolean => (server.devices ?? []).every(({ kind }) => kind !== 'gpu');

/** The ways with room, and which of them lead where the model may not be able to run. */
interface Free {
  readonly free: readonly Way[];
  readonly isHarder: (way: Way) => boolean;
}

/**
 * A server with a GPU, where some way takes memory of one; a zone with fewer copies, where the model is spread; then a server without a copy before one with; then memory free
 * today before memory free soon; then what leaves least.
 */
function onFree(
  { before, now }: Turn,
  model: Model,
  { free, isHarder }: Free,
  { found, left }: Decided,
): string | undefined {
  if (left.size > 0) return `${names(left)} had to leave although there is room`;
  const way = found && free.find((one) => isAt(one, found));
  if (!way)
    return `there is room on ${free.map(({ server }) => server.spec.id).join()}, and it was not taken`;
  const room = roomIn(before, now);
  const rankOf = (one: Way): readonly number[] => [
    isHarder(one) ? 1 : 0,
    likenessOf(before, model, one.server, now),
    one.grows ? 1 : 0,
    isWithin(one.needs, room.free) ? 0 : 1,
    looseness(before, one.server, one.needs, room.spare),
  ];
  const best = free.map(rankOf).toSorted(compareRanks)[0]!;
  return compareRanks(rankOf(way), best) > 0 ? `${shown(found)} fits less well than others` : undefined;
}

/** How many copies a model that is to be spread has in the zone of a server; all of them where it is in none. */
function likenessOf(fleet: Fleet, { id, spread }: Model, server: Server, now: Instant): number {
  if (spread === null) return 0;
  const zone = server.spec.labels[spread];
  if (zone === undefined) return Infinity;
  const alike = [...fleet.replicas].filter(
    ([, one]) => fleet.servers.get(one.server)!.spec.labels[spread] === zone,
  );
  return copiesPresent({ ...fleet, replicas: new Map(alike) }, id, now);
}

function compareRanks(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((value, position) => value !== other[position]);
  return index < 0 ? 0 : one[index]! - other[index]!;
}

function onEviction(
  { before, now }: Turn,
  wanted: Wanted,
  plans: readonly (readonly Plan[])[],
  { found, left }: Decided,
): string | undefined {
  const all = plans.flat();
  const best = plans
    .flatMap((some) => some.toSorted((a, b) => compareHarm(a.harm, b.harm)).slice(0, 1))
    .toSorted(compareAcross)[0]!;
  const better = `${names(best.leaving)} on ${best.way.server.spec.id}/${best.way.devices.join('+')}`;
  if (!found) return `no place was made, but ${better} would do`;
  const way = all.find((plan) => isAt(plan.way, found))?.way;
  if (!way) return `${names(left)} had to leave for ${shown(found)}, which no set frees; ${better} would do`;
  const why = unfit(before, left, way, wanted, now);
  if (why) return `${names(left)} had to leave for ${shown(found)}: ${why}`;
  const here = all.filter((plan) => plan.way === way);
  const smaller = here.find(
    ({ leaving }) => leaving.size < left.size && [...leaving].every((one) => left.has(one)),
  );
  if (smaller) return `${names(left)} had to leave where ${names(smaller.leaving)} is enough`;
  const mine = { way, leaving: left, harm: harmOf(before, left, wanted, now) };
  if (mine.harm[0]! <= best.harm[0]! && hasTies(before)) return undefined;
  const isLeast = here.every(({ harm }) => compareHarm(mine.harm, harm) <= 0);
  if (isLeast && compareAcross(mine, best) <= 0) return undefined;
  return `${names(left)} had to leave for ${shown(found)} (${mine.harm.join()}); ${better} (${best.harm.join()}) is better`;
}

/** Of replicas used at the same moment any may go, as long as none goes that need not. */
function hasTies({ replicas }: Fleet): boolean {
  const uses = [...replicas.values()].flatMap((one) => (one.phase === 'ready' ? [one.lastUse] : []));
  return new Set(uses).size < uses.length;
}

/** Why a set is not one that may leave, or not enough. */
function unfit(
  before: Fleet,
  left: ReadonlySet<Ready>,
  way: Way,
  wanted: Wanted,
  now: Instant,
): string | undefined {
  const asked = [...left].filter((one) => !mayBeAsked(before, one, wanted, now));
  if (asked.length > 0) return `${names(new Set(asked))} must stay`;
  if (!mayLeaveTogether(before, left, way, wanted.model.id)) return 'they may not leave together';
  return frees(left, way, roomIn(before, now).spare) ? undefined : 'that is not enough';
}

const compareAcross = (one: Plan, other: Plan): number =>
  one.harm[0]! - other.harm[0]! || one.leaving.size - other.leaving.size;

/** Nothing can be done now: refused for good where nothing ever can, for now where nothing can in time; else it waits. */
function onNothing({ before, actions, now }: Turn, wanted: Wanted, request: Request): string | undefined {
  const refusal = actions.find((one) => one.kind === 'refuse' && one.request === request.id);
  const reason = refusal?.kind === 'refuse' ? refusal.refusal.reason : 'waits';
  const expected = reasonsFor(before, wanted, request.deadline, now);
  return expected.includes(reason) ? undefined : `${reason}, and not: ${expected.join(' or ')}`;
}

/** What may be answered; `waits` is no answer yet. */
function reasonsFor(fleet: Fleet, wanted: Wanted, deadline: Instant, now: Instant): readonly string[] {
  const { model } = wanted;
  if (!model.enabled) return ['disabled'];
  // A request for what no repository lists waits until the indexes have been read again.
  const isReadAgain = isNowhereListed(fleet, model) ? ['waits'] : [];
  const able = [...fleet.servers.values()].filter((server) => couldFit(fleet, server, model));
  if (able.length === 0) return ['infeasible', 'disabled', ...isReadAgain];
  if (able.every(({ contact }) => contact.kind === 'lost')) return ['no_server'];
  const opens = opensBefore(fleet, wanted, { now, deadline });
  if (opens === undefined) return ['waits', 'no_capacity'];
  return opens ? ['waits'] : ['no_capacity'];
}

const isNowhereListed = (fleet: Fleet, model: Model): boolean =>
  [...fleet.servers.values()].every((server) => !isWelcome(server, model) || !isListed(fleet, server, model));
