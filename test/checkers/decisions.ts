import { type Fleet, nextWake, type Server, step } from '#core';
import type { TurnCheck } from './scene.js';

/** A second look finds nothing to do. */
export const secondLook: TurnCheck = ({ fleet, turn, trail }) => {
  const again = step(copyOf(fleet), [], turn.now);
  trail.expect(again.length === 0, () => `a second look wants ${JSON.stringify(again)}`);
};

export const wakesLater: TurnCheck = ({ fleet, turn, trail }) => {
  const wake = nextWake(fleet, turn.now);
  trail.expect(wake > turn.now, () => `it wants to wake at ${wake}`);
};

/**
 * A copy that a step without events may change: what only events change is shared. What lies in the maps is replaced,
 * never changed, but for the servers. Both are built key by key: the core would read a spread object, which has a
 * hidden class of its own, many times slower.
 */
const copyOf = (fleet: Fleet): Fleet => ({
  models: fleet.models,
  servers: new Map(Array.from(fleet.servers, ([id, server]) => [id, copyOfServer(server)])),
  replicas: new Map(fleet.replicas),
  waiting: new Map(fleet.waiting),
  wishes: new Map(fleet.wishes),
  cooldowns: fleet.cooldowns,
  steps: fleet.steps,
  composed: fleet.composed,
  lastUnloads: fleet.lastUnloads,
  holders: copyOfIndex(fleet.holders),
  residents: copyOfIndex(fleet.residents),
  unsettled: new Set(fleet.unsettled),
  wantedSince: new Map(fleet.wantedSince),
  readings: new Map(fleet.readings),
  strains: new Map(fleet.strains),
  loadTook: fleet.loadTook,
  swaps: new Map(fleet.swaps),
  moves: new Map(fleet.moves),
  foundFailing: fleet.foundFailing,
  excesses: fleet.excesses,
  footprints: fleet.footprints,
  defaults: fleet.defaults,
  limits: fleet.limits,
  startedAt: fleet.startedAt,
  refreshedAt: fleet.refreshedAt,
  reloads: new Map(fleet.reloads),
  frozen: fleet.frozen,
  closing: fleet.closing,
  nextOrder: fleet.nextOrder,
  routesRevision: fleet.routesRevision,
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
  described: new Set(server.described),
  ordered: new Set(server.ordered),
  presumed: new Map(server.presumed),
  hidden: server.hidden,
  meters: new Map(Array.from(server.meters, ([ordinal, meter]) => [ordinal, { ...meter }])),
  measured: new Map(server.measured),
});
