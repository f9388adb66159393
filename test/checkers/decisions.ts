import { type Fleet, newIndex, nextWake, type Ready, type Server, step } from '#core';
import type { Change, TurnCheck } from './scene.js';

/**
 * A second look finds nothing to do, nor does it move anything without a word. It is taken where the turn may have changed what
 * one would decide by: one that asked for nothing but looks, moved no replica and left all that is wanted as it was has decided
 * nothing, so that a second look would work out the same once more. Two of three turns are such: looks that are due, and looks
 * that show nothing new.
 */
export const secondLook = (start: Readonly<Fleet>): TurnCheck => {
  let before = mattersOf(start);
  return ({ fleet, turn, changes, trail }) => {
    const matters = mattersOf(fleet);
    const isStill = turn.actions.every(({ kind }) => kind === 'look') && !changes.some(isMove);
    if (isStill && isEqual(matters, before)) return;
    before = matters;
    const copy = copyOf(fleet);
    const again = step(copy, [], turn.now);
    trail.expect(again.length === 0, () => `a second look wants ${JSON.stringify(again)}`);
    const moved = movedBetween(fleet, copy);
    trail.expect(moved.length === 0, () => `a second look moves ${moved.join(', ')}`);
  };
};

/** The replicas that came, went, or are at something else in a later fleet. */
function movedBetween({ replicas }: Readonly<Fleet>, later: Readonly<Fleet>): string[] {
  const ids = new Set([...replicas.keys(), ...later.replicas.keys()]);
  return [...ids].filter((id) => replicas.get(id)?.phase !== later.replicas.get(id)?.phase);
}

/** How much there is of what a pass may leave changed without an order, an answer or a move. */
const mattersOf = ({
  waiting,
  wishes,
  wantedSince,
  readings,
  strains,
  moves,
  reloads,
  putOff,
}: Readonly<Fleet>) => [
  waiting.size,
  wishes.size,
  wantedSince.size,
  readings.size,
  moves.size,
  reloads.size,
  putOff.size,
  ...Array.from(strains.values(), ({ copies }) => copies),
];

const isEqual = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((count, nth) => count === other[nth]);

/** Whether a replica came, went, or is at something else than before; what was read of it alone moves nothing. */
const isMove = ({ was, now }: Change): boolean =>
  was?.phase !== now?.phase || (was?.phase === 'ready' && was.change !== (now as Ready).change);

export const wakesLater: TurnCheck = ({ fleet, turn, trail }) => {
  const wake = nextWake(fleet, turn.now);
  trail.expect(wake > turn.now, () => `it wants to wake at ${wake}`);
};

/**
 * A copy that a step without events may change: what only events change is shared. What lies in the maps is replaced,
 * never changed, but for the servers. Both are built key by key: the core would read a spread object, which has a
 * hidden class of its own, many times slower.
 */
// eslint-disable-next-line max-lines-per-function -- a line for each key of the state
const copyOf = (fleet: Fleet): Fleet => ({
  models: fleet.models,
  servers: new Map(Array.from(fleet.servers, ([id, server]) => [id, copyOfServer(server)])),
  replicas: new Map(fleet.replicas),
  waiting: new Map(fleet.waiting),
  promises: new Map(fleet.promises),
  line: new Map(fleet.line),
  lateness: fleet.lateness,
  wishes: new Map(fleet.wishes),
  cooldowns: fleet.cooldowns,
  breakers: fleet.breakers,
  steps: fleet.steps,
  composed: fleet.composed,
  lastUnloads: fleet.lastUnloads,
  holders: copyOfIndex(fleet.holders),
  residents: copyOfIndex(fleet.residents),
  unsettled: new Set(fleet.unsettled),
  wantedSince: new Map(fleet.wantedSince),
  awaitedSince: new Map(fleet.awaitedSince),
  readings: new Map(fleet.readings),
  strains: new Map(fleet.strains),
  loadTimes: fleet.loadTimes,
  serviceTimes: fleet.serviceTimes,
  asks: new Map(fleet.asks),
  usualLeases: new Map(fleet.usualLeases),
  spending: new Map(fleet.spending),
  cold: new Set(fleet.cold),
  backlogs: new Map(fleet.backlogs),
  returns: new Map(fleet.returns),
  swaps: new Map(fleet.swaps),
  charges: new Map(fleet.charges),
  starvedLast: new Set(fleet.starvedLast),
  moves: new Map(fleet.moves),
  foundFailing: fleet.foundFailing,
  excesses: fleet.excesses,
  footprints: fleet.footprints,
  shortfalls: new Map(fleet.shortfalls),
  defaults: fleet.defaults,
  limits: fleet.limits,
  pressure: fleet.pressure,
  startedAt: fleet.startedAt,
  refreshedAt: fleet.refreshedAt,
  reloads: new Map(fleet.reloads),
  putOff: new Map(fleet.putOff),
  frozen: fleet.frozen,
  closing: fleet.closing,
  nextOrder: fleet.nextOrder,
  routesRevision: fleet.routesRevision,
  index: newIndex(),
});

function copyOfIndex<Key, Id>(index: ReadonlyMap<Key, ReadonlySet<Id>>): Map<Key, Set<Id>> {
  const copy = new Map<Key, Set<Id>>();
  for (const [key, ids] of index) copy.set(key, new Set(ids));
  return copy;
}

const copyOfServer = (server: Server): Server => ({
  spec: server.spec,
  contact: server.contact,
  looksCountFrom: server.looksCountFrom,
  refused: server.refused,
  looked: server.looked,
  everSeen: server.everSeen,
  mode: server.mode,
  version: server.version,
  incarnation: server.incarnation,
  devices: server.devices,
  found: server.found,
  repository: server.repository,
  versioned: server.versioned,
  lookedAt: server.lookedAt,
  statisticsAt: server.statisticsAt,
  metricsAnswered: server.metricsAnswered,
  pending: server.pending,
  looking: server.looking,
  fullEndedAt: server.fullEndedAt,
  anyEndedAt: server.anyEndedAt,
  lookTook: server.lookTook,
  lookWanted: server.lookWanted,
  statisticsWanted: server.statisticsWanted,
  drain: server.drain,
  configs: new Map(server.configs),
  described: new Map(server.described),
  ordered: new Set(server.ordered),
  promised: server.promised,
  presumed: new Map(server.presumed),
  hidden: server.hidden,
  meters: new Map(Array.from(server.meters, ([ordinal, meter]) => [ordinal, { ...meter }])),
  measured: new Map(server.measured),
  latencies: server.latencies,
  slowdown: server.slowdown,
  loadTimes: server.loadTimes,
  loadPace: server.loadPace,
  unloadTimes: server.unloadTimes,
  retriesFullAt: server.retriesFullAt,
});
