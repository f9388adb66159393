import { z } from 'zod';
import {
  type Action,
  type ActionOf,
  type Event,
  type EventOf,
  type Limits,
  type LearnedConfig,
  type Outcome,
  PRESSURE_LEVELS,
  type Refusal,
  type Request,
  type WatcherId,
} from '#core';
import {
  amount,
  failureCause,
  flag,
  footprint,
  list,
  loadCause,
  promiseBroken,
  loadTimes,
  look,
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
  tenantId,
  text,
  unloadCause,
  whole,
} from './shapes.js';

const event = <const Kind extends string, Keys extends z.ZodRawShape>(kind: Kind, keys: Keys) =>
  z.strictObject({ kind: z.literal(kind), ...keys });

export const limits = z.strictObject({
  globalQueue: amount,
  loadsPerServer: amount,
  loadsPerDevice: amount,
  loadsPerDevicePerMinute: amount,
  starvation: amount,
  stuckAfter: amount,
}) satisfies z.ZodType<Limits>;

export const request = z.strictObject({
  id: requestId,
  model: modelId,
  version: orNull(text),
  arrivedAt: amount,
  deadline: amount,
  lease: amount,
  class: z.enum(['critical', 'default', 'sheddable']),
  avoid: list(serverId),
  tenant: tenantId,
  requestId: text.exactOptional(),
}) satisfies z.ZodType<Request>;

export const learnedConfig = z.strictObject({
  json: text,
  kind: z.enum(['gpu', 'cpu', 'model']),
  gpus: list(whole),
  count: amount,
  batch: amount,
}) satisfies z.ZodType<LearnedConfig>;

const outcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('succeeded'), versions: list(text) }),
  z.strictObject({ kind: z.literal('failed'), cause: failureCause }),
  z.strictObject({ kind: z.literal('unknown') }),
  z.strictObject({ kind: z.literal('unsent') }),
]) satisfies z.ZodType<Outcome>;

const watcher = named<WatcherId>();
export const stopReason = z.enum(['shutting_down', 'no_leader']);
export const looks = z.literal([1, 2]);

export const pressureLevel = z.enum(PRESSURE_LEVELS);

const fact = z.enum([
  'connected',
  'ended',
  'closed',
  'moved',
  'refused',
  'leaving',
  'probe_accepted',
  'probe_timed_out',
]);
const rememberedDevice = z.strictObject({
  ordinal: whole,
  uuid: orNull(text),
  kind: z.enum(['gpu', 'cpu']),
  capacity: amount,
});
const why = z.union([z.enum(['timed_out', 'unreachable', 'not_now', 'nonsense']), z.strictObject({ mode })]);
const use = z.strictObject({ replica: replicaId, at: amount, inUseUntil: amount, routes: whole });

/** Every event there is, by its kind. */
export const EVENTS = {
  LimitsSet: event('LimitsSet', { limits, defaults: settings }),
  ModelDeclared: event('ModelDeclared', { model }),
  ModelWithdrawn: event('ModelWithdrawn', { model: modelId }),
  ServerDeclared: event('ServerDeclared', { server: serverSpec }),
  ServerWithdrawn: event('ServerWithdrawn', { server: serverId }),
  ServerRemembered: event('ServerRemembered', {
    server: serverId,
    repository: list(modelId),
    devices: list(rememberedDevice),
  }),
  OrdersRemembered: event('OrdersRemembered', { server: serverId, models: list(modelId) }),
  LeasesRemembered: event('LeasesRemembered', {
    server: serverId,
    leases: list(z.strictObject({ model: modelId, until: amount })),
  }),
  StepsRemembered: event('StepsRemembered', { model: modelId, steps: list(modelId) }),
  FootprintRemembered: event('FootprintRemembered', { model: modelId, footprint }),
  LoadTimesRemembered: event('LoadTimesRemembered', {
    model: modelId,
    anywhere: loadTimes,
    on: list(z.strictObject({ server: serverId, times: loadTimes })),
  }),
  LoadPaceRemembered: event('LoadPaceRemembered', { server: serverId, pace: loadTimes }),
  RequestArrived: event('RequestArrived', { request }),
  RequestCancelled: event('RequestCancelled', { request: requestId }),
  RoutesUsed: event('RoutesUsed', { uses: list(use) }),
  ServersDoubted: event('ServersDoubted', { servers: list(serverId) }),
  LoadEnded: event('LoadEnded', { order, replica: replicaId, outcome }),
  UnloadEnded: event('UnloadEnded', { order, replica: replicaId, outcome }),
  ContactChanged: event('ContactChanged', { server: serverId, fact }),
  Looked: event('Looked', { server: serverId, look }),
  LookFailed: event('LookFailed', { server: serverId, why }),
  ConfigLearned: event('ConfigLearned', {
    server: serverId,
    model: modelId,
    config: learnedConfig,
    steps: list(modelId),
  }),
  LoadOrdered: event('LoadOrdered', { model: modelId, until: amount }),
  UnloadOrdered: event('UnloadOrdered', { model: modelId, force: flag }),
  ReloadOrdered: event('ReloadOrdered', { model: modelId, until: amount }),
  UnloadRemembered: event('UnloadRemembered', {
    model: modelId,
    copies: list(z.strictObject({ server: serverId, force: flag })),
  }),
  ReloadRemembered: event('ReloadRemembered', {
    model: modelId,
    copies: list(z.strictObject({ server: serverId, hasLeft: flag })),
  }),
  ServersAwaited: event('ServersAwaited', { isAwaited: flag }),
  DrainOrdered: event('DrainOrdered', { server: serverId, deadline: orNull(amount) }),
  DrainEnded: event('DrainEnded', { server: serverId }),
  FreezeOrdered: event('FreezeOrdered', { reason: text, since: amount }),
  FreezeEnded: event('FreezeEnded', {}),
  OrdersHeld: event('OrdersHeld', { isHeld: flag }),
  TermBegun: event('TermBegun', { looks }),
  WatcherSeen: event('WatcherSeen', { watcher, patience: amount, heardAt: amount }),
  WatcherAcknowledged: event('WatcherAcknowledged', { watcher, revision: whole }),
  WatcherGone: event('WatcherGone', { watcher }),
  PressureChanged: event('PressureChanged', { level: pressureLevel }),
  ShutdownBegun: event('ShutdownBegun', { reason: stopReason }),
} satisfies { [Kind in Event['kind']]: z.ZodType<EventOf<Kind>> };

const refusal = z.strictObject({
  reason: z.enum([
    'unknown_model',
    'unknown_version',
    'invalid_request',
    'disabled',
    'infeasible',
    'load_failed',
    'loading',
    'cooling_down',
    'deadline_unreachable',
    'no_capacity',
    'queue_full',
    'over_share',
    'no_server',
    'no_leader',
    'shutting_down',
  ]),
  retryAfter: orNull(amount),
  phase: z.enum(['waiting', 'placed', 'loading']).exactOptional(),
  eta: amount.exactOptional(),
  position: amount.exactOptional(),
  cause: failureCause.exactOptional(),
  detail: text.exactOptional(),
}) satisfies z.ZodType<Refusal>;

const loadConfig = z.strictObject({ base: text, gpus: list(whole) });
const aimed = { order, replica: replicaId, model: modelId, server: serverId };

/** Every action there is, by its kind. */
export const ACTIONS = {
  load: event('load', {
    ...aimed,
    config: orNull(loadConfig),
    timeout: amount,
    brings: list(modelId),
    cause: loadCause,
  }),
  unload: event('unload', { ...aimed, cause: unloadCause, makesRoomFor: orNull(modelId) }),
  look: event('look', { server: serverId, scope: z.enum(['full', 'statistics']), probeMode: flag }),
  probe: event('probe', { server: serverId }),
  describe: event('describe', { server: serverId, model: modelId }),
  grant: event('grant', {
    request: requestId,
    replica: replicaId,
    versions: list(text),
    lease: amount,
    waited: amount,
    cold: flag,
    promised: z.literal(true).exactOptional(),
  }),
  refuse: event('refuse', {
    request: requestId,
    refusal,
    broken: promiseBroken.exactOptional(),
  }),
} satisfies { [Kind in Action['kind']]: z.ZodType<ActionOf<Kind>> };
