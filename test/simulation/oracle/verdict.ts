import type { Action, Fleet, Instant, Model, ModelId, Ready, Replica, Request } from '#core';
import { isReplaced, roomIn, type Way } from './books.js';
import {
  areIdle,
  bestOf,
  compareAcross,
  compareRanks,
  firstOf,
  isNow,
  isSmaller,
  lacksSlotAlone,
  rankIn,
} from './choice.js';
import { mayBeAsked, mayLeaveTogether, type Newcomer } from './leave.js';
import {
  compareHarm,
  frees,
  harmOf,
  isLeftElsewhere,
  isSpent,
  type Plan,
  plansFor,
  waysFree,
} from './planner.js';
import { onNothing, refusalOf } from './reasons.js';
import { copiesPresent, isUp, waysTo } from './ways.js';

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

/** What the planner makes of a demand, and where the core disagrees. */
export interface Verdict {
  readonly kind: 'nothing to do' | 'room' | 'others leave' | 'later' | 'no way';
  readonly disagreement: string | undefined;
}

export function judge(turn: Turn, wanted: Wanted): Verdict {
  const { before, now } = turn;
  const isAnew = wanted.copies > 1 && !isLeftElsewhere(before, wanted.model, now);
  const ways = lacksCopies(before, wanted, now) ? waysTo(before, wanted.model, isAnew) : [];
  const decided = { found: placeIn(turn, wanted.model), left: leftIn(turn) };
  const free = waysFree(before, ways, now);
  if (free.length > 0) return withRoom(turn, wanted, ways, free, decided);
  const able = ways.filter((way) => !isSpent(before, way, wanted, now));
  const plans = able.flatMap((way) => plansFor(before, way, wanted, now));
  if (plans.length > 0) return withPlans(turn, wanted, able, plans, decided);
  const isCold = copiesPresent(before, wanted.model.id, now) === 0 && !isServedByFailing(before, wanted);
  const idle = onIdle(decided);
  if (!isCold || wanted.request === null) return { kind: 'nothing to do', disagreement: idle };
  return { kind: 'no way', disagreement: idle ?? onNothing(turn, wanted, wanted.request) };
}

/** What fits has its place at once where the best way can begin at once; else others may leave that are gone sooner. */
function withRoom(
  turn: Turn,
  wanted: Wanted,
  ways: readonly Way[],
  free: readonly Way[],
  decided: Decided,
): Verdict {
  const { before, now } = turn;
  const { model } = wanted;
  if (isNow(before, firstOf(before, model, ways, free, now), now))
    return { kind: 'room', disagreement: onFree(turn, model, ways, free, decided) };
  const able = ways.filter((way) => !isSpent(before, way, wanted, now));
  return { kind: 'later', disagreement: onLater(turn, wanted, able, free, decided) };
}

/** The best of those of which none is in use leave, where that is enough at once; else those that are gone soonest. */
function withPlans(
  turn: Turn,
  wanted: Wanted,
  able: readonly Way[],
  plans: readonly Plan[],
  decided: Decided,
): Verdict {
  const { before, now } = turn;
  const best = bestOf(before, plans, now);
  if (best && isNow(before, best.way, now, best.leaving))
    return { kind: 'others leave', disagreement: onEviction(turn, wanted, plans, best, decided) };
  return { kind: 'later', disagreement: onLater(turn, wanted, able, [], decided) };
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
  [...fleet.replicas.values()].filter((one) => one.model === id && isReplaced(fleet, one));

type Decided = { readonly found: Found | undefined; readonly left: ReadonlySet<Ready> };

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
function placeIn({ before, after }: Turn, { id: model }: Model): Found | undefined {
  for (const replica of after.replicas.values()) {
    if (replica.model !== model) continue;
    const earlier = before.replicas.get(replica.id);
    if (!earlier) return replica;
  }
  for (const [id, reload] of after.reloads)
    if (reload.model === model && !before.reloads.has(id)) return reload;
  return undefined;
}

/** What was ready before and has to go, but to be loaded anew. */
function leftIn({ before, after }: Turn): ReadonlySet<Ready> {
  const left = [...before.replicas.values()].filter(
    ({ id, phase }) =>
      phase === 'ready' && after.replicas.get(id)?.phase !== 'ready' && !after.reloads.has(id),
  );
  return new Set(left as Ready[]);
}

const isAt = ({ server, devices }: Way, found: Found): boolean =>
  server.spec.id === found.server && String(devices) === String(found.devices);

/** The best of the ways with room takes it, and nothing leaves. */
function onFree(
  { before, now }: Turn,
  model: Model,
  ways: readonly Way[],
  free: readonly Way[],
  { found, left }: Decided,
): string | undefined {
  if (left.size > 0) return `${names(left)} had to leave although there is room`;
  const way = found && free.find((one) => isAt(one, found));
  if (!way)
    return `there is room on ${free.map(({ server }) => server.spec.id).join()}, and it was not taken`;
  const rankOf = rankIn(before, model, ways, now);
  const best = free.map(rankOf).toSorted(compareRanks)[0]!;
  return compareRanks(rankOf(way), best) > 0 ? `${shown(found)} fits less well than others` : undefined;
}

function onEviction(
  { before, now }: Turn,
  wanted: Wanted,
  all: readonly Plan[],
  best: Plan,
  { found, left }: Decided,
): string | undefined {
  const better = `${names(best.leaving)} on ${best.way.server.spec.id}/${best.way.devices.join('+')}`;
  if (!found) return `no place was made, but ${better} would do`;
  const way = all.find((plan) => isAt(plan.way, found))?.way;
  if (!way) return `${names(left)} had to leave for ${shown(found)}, which no set frees; ${better} would do`;
  const here = all.filter((plan) => plan.way === way);
  const why = unfit(before, left, way, wanted, now) ?? tooMany(left, here);
  if (why) return `${names(left)} had to leave for ${shown(found)}: ${why}`;
  const mine = { way, leaving: left, harm: harmOf(before, left, wanted, now) };
  if (mine.harm[0]! <= best.harm[0]! && hasTies(before)) return undefined;
  const idle = here.filter(({ leaving }) => areIdle(leaving, now));
  const isLeast = idle.every((one) => compareHarm(mine.harm, one.harm) <= 0 || isSmaller(mine, one));
  if (isLeast && compareAcross(mine, best) <= 0) return undefined;
  return `${names(left)} had to leave for ${shown(found)} (${mine.harm.join()}); ${better} (${best.harm.join()}) is better`;
}

const tooMany = (left: ReadonlySet<Ready>, plans: readonly Plan[]): string | undefined => {
  const smaller = plans.find(
    ({ leaving }) => leaving.size < left.size && [...leaving].every((one) => left.has(one)),
  );
  return smaller && `${names(smaller.leaving)} is enough`;
};

/** Nothing can begin at once. Which of what may come is soonest is not known here: what was decided must be possible. */
function onLater(
  turn: Turn,
  wanted: Wanted,
  able: readonly Way[],
  free: readonly Way[],
  { found, left }: Decided,
): string | undefined {
  const { before, now } = turn;
  if (!found) {
    if (left.size > 0) return `${names(left)} had to leave for nothing`;
    const refused = wanted.request && refusalOf(turn, wanted.request);
    return refused ? `${refused}, though there will be room` : undefined;
  }
  if (left.size === 0) return onSpare(before, free, found, now);
  const way = able.find((one) => isAt(one, found));
  if (!way) return `${names(left)} had to leave for ${shown(found)}, where nothing may`;
  const why = unfit(before, left, way, wanted, now) ?? tooMany(left, plansFor(before, way, wanted, now));
  return why && `${names(left)} had to leave for ${shown(found)}: ${why}`;
}

/** A place without others leaving takes memory that is free some time; what waits for a slot alone has none yet. */
function onSpare(before: Fleet, free: readonly Way[], found: Found, now: Instant): string | undefined {
  const way = free.find((one) => isAt(one, found));
  if (!way) return `there is no room on ${shown(found)}`;
  return lacksSlotAlone(before, way, now) ? `${shown(found)} was given before a slot is free` : undefined;
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
