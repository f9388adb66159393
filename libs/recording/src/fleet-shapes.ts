import { z } from 'zod';
import { cooldown, breaker, reading, strain, fading, jobInLine } from './demand-shapes.js';
import type { AccountId, Booking, Contact, FleetFacts, Replica, Server, TenantId } from '#core';
import {
  amount,
  flag,
  footprint,
  release,
  shortfall,
  trial,
  found,
  latency,
  list,
  loadCause,
  loadTimes,
  mode,
  model,
  modelId,
  named,
  orNull,
  order,
  replicaId,
  requestId,
  serverId,
  serverSpec,
  settings,
  slowdown,
  text,
  unloadCause,
  whole,
} from './shapes.js';
import { learnedConfig, limits, pressureLevel, request } from './turn-shapes.js';

const bookings = list(
  z.strictObject({ account: named<AccountId>(), bytes: amount }) satisfies z.ZodType<Booking>,
);

const phase = <const Phase extends string, Keys extends z.ZodRawShape>(name: Phase, keys: Keys) =>
  z.strictObject({
    phase: z.literal(name),
    id: replicaId,
    model: modelId,
    server: serverId,
    devices: list(whole),
    bookings,
    since: amount,
    stranger: flag,
    ...keys,
  });

const pulse = z.strictObject({
  ...{ lastInference: amount, succeeded: amount, failed: amount, computed: amount, failures: amount },
});
const change = z.strictObject({
  order: orNull(order),
  orderedAt: amount,
  devices: list(whole),
  bookings,
  ...{ endedAt: orNull(amount), answered: flag, cause: orNull(loadCause) },
});

const replica = z.discriminatedUnion('phase', [
  phase('placed', { carriedBy: orNull(replicaId), cause: loadCause }),
  phase('loading', { order, orderedAt: amount, carriedBy: orNull(replicaId), cause: loadCause }),
  phase('ready', {
    versions: list(text),
    lastUse: amount,
    inUseUntil: amount,
    pulse: orNull(pulse),
    change: orNull(change),
  }),
  phase('draining', {
    versions: list(text),
    inUseUntil: amount,
    pulse: orNull(pulse),
    cause: unloadCause,
    makesRoomFor: orNull(modelId),
  }),
  phase('unloading', {
    order,
    orderedAt: amount,
    answeredAt: orNull(amount),
    absentSince: orNull(amount),
    cause: unloadCause,
    makesRoomFor: orNull(modelId),
  }),
  phase('unknown', {
    after: z.enum(['load', 'load_failed', 'unload', 'found']),
    endedAt: amount,
    loadOrderedAt: orNull(amount),
    order: orNull(order),
    coming: flag,
    absentSince: orNull(amount),
    cause: orNull(unloadCause),
    makesRoomFor: orNull(modelId),
  }),
]) satisfies z.ZodType<Replica>;

const contact = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('connecting') }),
  z.strictObject({ kind: z.literal('up') }),
  z.strictObject({ kind: z.literal('slow'), probesFailed: amount, nextProbeAt: amount }),
  z.strictObject({ kind: z.literal('down'), since: amount, moved: z.boolean() }),
  z.strictObject({ kind: z.literal('lost'), since: amount }),
]) satisfies z.ZodType<Contact>;

const device = z.strictObject({
  ordinal: whole,
  uuid: orNull(text),
  kind: z.enum(['gpu', 'cpu']),
  account: named<AccountId>(),
  capacity: amount,
  used: orNull(amount),
});

const meter = z.strictObject({
  moves: amount,
  movesSeen: amount,
  movedAt: amount,
  samples: list(amount),
  trial: orNull(trial),
  release: orNull(release),
  foreign: orNull(amount),
  foreignWithin: orNull(z.strictObject({ least: amount, most: amount })),
  gone: list(z.strictObject({ bytes: amount, since: orNull(amount), isMeasured: flag })),
  late: amount,
  residue: amount,
});

const server = z.strictObject({
  spec: serverSpec,
  contact,
  looksCountFrom: amount,
  refused: flag,
  looked: flag,
  everSeen: flag,
  mode: orNull(mode),
  version: orNull(text),
  incarnation: amount,
  devices: orNull(list(device)),
  found: orNull(found),
  repository: z.set(modelId),
  versioned: z.set(modelId),
  lookedAt: orNull(amount),
  statisticsAt: orNull(amount),
  metricsAnswered: flag,
  pending: z.map(modelId, amount),
  looking: orNull(z.enum(['full', 'statistics'])),
  fullEndedAt: orNull(amount),
  anyEndedAt: orNull(amount),
  lookTook: amount,
  lookWanted: orNull(amount),
  statisticsWanted: orNull(amount),
  drain: orNull(z.strictObject({ since: amount, deadline: orNull(amount) })),
  configs: z.map(modelId, learnedConfig),
  described: z.map(modelId, z.enum(['asked', 'told'])),
  ordered: z.set(modelId),
  promised: z.map(modelId, amount),
  presumed: z.map(modelId, list(modelId)),
  hidden: list(z.strictObject({ model: modelId, bookings, until: amount })),
  meters: z.map(whole, meter),
  measured: z.map(modelId, z.map(whole, amount)),
  latencies: z.map(modelId, latency),
  slowdown,
  loadTimes: z.map(modelId, loadTimes),
  ...{ loadPace: orNull(loadTimes), unloadTimes: orNull(loadTimes), orderedPlaceAt: amount },
  retriesFullAt: amount,
}) satisfies z.ZodType<Server>;

/** All that the core knows, as a snapshot holds it. */
export const facts = z.strictObject({
  models: z.map(modelId, model),
  servers: z.map(serverId, server),
  replicas: z.map(replicaId, replica),
  waiting: z.map(requestId, request),
  wishes: z.map(modelId, z.strictObject({ until: amount, admin: flag, since: amount })),
  cooldowns: z.map(replicaId, cooldown),
  breakers: z.map(modelId, breaker),
  steps: z.map(modelId, list(modelId)),
  composed: z.set(modelId),
  lastUnloads: z.map(
    modelId,
    z.strictObject({ at: amount, cause: unloadCause, makesRoomFor: orNull(modelId) }),
  ),
  ...{ holders: z.map(modelId, z.set(replicaId)), residents: z.map(serverId, z.set(replicaId)) },
  unsettled: z.set(replicaId),
  ...{
    wantedSince: z.map(modelId, amount),
    awaitedSince: z.map(modelId, amount),
    promises: z.map(requestId, orNull(amount)),
  },
  line: z.map(modelId, jobInLine),
  ...{ lateLoadAt: amount, lateMemoryAt: amount },
  ...{ readings: z.map(modelId, reading), strains: z.map(modelId, strain) },
  loadTimes: z.map(modelId, loadTimes),
  serviceTimes: z.map(modelId, z.strictObject({ served: amount, took: amount })),
  ...{ asks: z.map(modelId, fading), cold: z.set(modelId) },
  usualLeases: z.map(modelId, amount),
  charges: z.map(modelId, z.strictObject({ tenant: named<TenantId>(), cost: amount, at: amount })),
  starvedLast: z.set(named<AccountId>()),
  backlogs: z.map(modelId, z.strictObject({ since: amount, next: amount, queue: z.set(requestId) })),
  returns: z.map(modelId, z.strictObject({ first: amount, next: amount, each: amount })),
  swaps: z.map(named<AccountId>(), list(amount)),
  spending: z.map(named<TenantId>(), fading),
  moves: z.map(replicaId, z.strictObject({ model: modelId, to: replicaId, for: modelId, since: amount })),
  foundFailing: z.map(modelId, amount),
  excesses: z.map(modelId, z.strictObject({ bytes: amount, at: amount, isPardoned: flag })),
  footprints: z.map(modelId, footprint),
  shortfalls: z.map(named<AccountId>(), shortfall),
  defaults: settings,
  limits,
  pressure: z.strictObject({ level: pressureLevel, since: amount }),
  serversAwaited: flag,
  ...{ startedAt: orNull(amount), refreshedAt: orNull(amount), unknownAskedAt: orNull(amount) },
  reloads: z.map(
    replicaId,
    z.strictObject({
      model: modelId,
      server: serverId,
      devices: list(whole),
      leftAt: orNull(amount),
      config: orNull(learnedConfig),
    }),
  ),
  putOff: z.map(replicaId, z.strictObject({ model: modelId, server: serverId, force: flag })),
  frozen: orNull(z.strictObject({ reason: text, since: amount })),
  ...{ closing: flag, nextOrder: whole, routesRevision: amount },
}) satisfies z.ZodType<FleetFacts>;
