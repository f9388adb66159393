import type { ModelId, ServerId } from '#core';
import { z } from 'zod';

/** A moment or a time, in ms; a storm lasts a day at most. */
export const ms = z.number().min(0).max(86_400_000);
export const bytes = z
  .number()
  .int()
  .min(0)
  .max(2 ** 50);
export const count = z.number().int().min(0).max(1_000_000);
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
export const modelName = name as unknown as z.ZodType<ModelId>;
export const serverName = name as unknown as z.ZodType<ServerId>;

/** Bounds over the whole fleet. */
export const limitsSchema = z.strictObject({
  globalQueue: count,
  loadsPerServer: z.number().int().min(1).max(64),
  loadsPerDevice: z.number().int().min(1).max(64),
  /** Plans of old say nothing of it, and bound nothing. */
  loadsPerDevicePerMinute: z.number().int().min(1).max(10_000).default(10_000),
  starvation: ms,
  stuckAfter: ms,
});

const at = ms;
const kind = <Kind extends string>(word: Kind) => z.literal(word);
/** Null: until the end of the storm; what is stuck or out of reach is so for ever. */
const lasts = ms.nullable();
/** Null: it stays dead for ever. */
const downFor = ms.nullable();
const server = serverName;
const model = modelName;
const order = z.enum(['load', 'unload']);

/** Gateways ask, all of a burst in one moment. A name that begins with `nobody-` is meant to be unknown. */
const ofGateways = [
  z.strictObject({
    at,
    kind: kind('ask'),
    model,
    /** How many ask the same at once. */
    count: z.number().int().min(1).max(10_000),
    version: z.string().max(20).nullable(),
    /** The class of the requests; left out: that of the model. */
    class: z.enum(['critical', 'default', 'sheddable']).exactOptional(),
    /** The tenant of the requests; left out: that of a request without a credential. */
    tenant: z.string().min(1).max(128).exactOptional(),
    /** How long the requests wait for a cold model; null: as long as the model allows. */
    wait: ms.nullable(),
    lease: ms,
    avoid: z.array(serverName).max(16),
    /** How long after its grant the route is used; null: never. */
    useAfter: ms.nullable(),
    /** After how long the requests are cancelled; null: never. */
    giveUpAfter: ms.nullable(),
    /** How often a refused request is sent again, and after how long; null: when the refusal says so. */
    retries: z.number().int().min(0).max(1_000),
    retryAfter: ms.nullable(),
  }),
] as const;

/** What a declaration may change; a model that was withdrawn comes back as it was planned. */
const change = z.strictObject({
  enabled: z.boolean().exactOptional(),
  idleUnload: ms.exactOptional(),
  minResidency: ms.exactOptional(),
  maxQueue: count.exactOptional(),
  gpuBytes: bytes.exactOptional(),
});

const ofAdmins = [
  z.strictObject({ at, kind: kind('pin'), model, copies: z.number().int().min(1).max(16) }),
  z.strictObject({ at, kind: kind('unpin'), model }),
  z.strictObject({ at, kind: kind('orderLoad'), model }),
  z.strictObject({ at, kind: kind('orderUnload'), model, force: z.boolean() }),
  z.strictObject({ at, kind: kind('drain'), server, within: ms.nullable() }),
  z.strictObject({ at, kind: kind('undrain'), server }),
  z.strictObject({ at, kind: kind('orderReload'), model }),
  z.strictObject({ at, kind: kind('freeze') }),
  z.strictObject({ at, kind: kind('unfreeze') }),
  z.strictObject({ at, kind: kind('withdraw'), model }),
  z.strictObject({ at, kind: kind('declare'), model, change }),
  z.strictObject({ at, kind: kind('setLimits'), limits: limitsSchema }),
] as const;

/** The file is read anew, or a write over the API. */
const by = z.enum(['file', 'api']);
/** Where the address leads at which a server is declared from then on; a process that is another one never loaded anything. */
const ADDRESSES = ['the same address', 'another address', 'another process'] as const;

/** An autoscaler brings servers and takes them away; a machine may come back with other devices in it. */
const ofAutoscalers = [
  z.strictObject({ at, kind: kind('addServer'), server }),
  z.strictObject({ at, kind: kind('removeServer'), server }),
  z.strictObject({ at, kind: kind('changeServer'), server, by, to: z.enum(ADDRESSES) }),
  /** So long it is declared at an address at which no process listens. */
  z.strictObject({ at, kind: kind('wrongAddress'), server, by, lasts: ms }),
  /** DNS was asked for servers and does not answer yet: there may be some that Berth does not know. */
  z.strictObject({ at, kind: kind('awaitServers'), lasts: ms }),
  z.strictObject({ at, kind: kind('refit'), server, devices: z.number().int().min(0).max(8), downFor: ms }),
] as const;

/** Another client with access to the same server. */
const ofStrangers = [
  z.strictObject({ at, kind: kind('strangerLoad'), server, model }),
  z.strictObject({ at, kind: kind('strangerUnload'), server, model }),
] as const;

const ofServers = [
  z.strictObject({ at, kind: kind('kill'), server, downFor }),
  z.strictObject({ at, kind: kind('terminate'), server, downFor }),
  z.strictObject({ at, kind: kind('stuckLoad'), server, model, lasts }),
  z.strictObject({ at, kind: kind('stuckUnload'), server, model, lasts }),
  z.strictObject({ at, kind: kind('deadModel'), server, model }),
  z.strictObject({ at, kind: kind('memoryBackLate'), server, by: ms, lasts }),
  z.strictObject({ at, kind: kind('slowIndex'), server, by: ms, lasts }),
  z.strictObject({ at, kind: kind('slowHandler'), server, by: ms, lasts }),
  z.strictObject({ at, kind: kind('slowLoad'), server, model, by: ms, lasts }),
  z.strictObject({ at, kind: kind('loadFails'), server, model, text: z.string().min(1).max(400), lasts }),
  z.strictObject({ at, kind: kind('metricsDown'), server, lasts }),
  /** An allocation too much ends the process, not only the load. */
  z.strictObject({ at, kind: kind('oomKills'), server, lasts }),
  /** So many calls fail, each for once: of the index as while directories are deleted, of all statistics as models leave. */
  z.strictObject({
    at,
    kind: kind('callFails'),
    server,
    call: z.enum(['index', 'statistics']),
    times: z.number().int().min(1).max(10),
  }),
  /** The newest of the orders that wait for one model comes first. */
  z.strictObject({ at, kind: kind('ordersOvertake'), server, lasts }),
  /** An order that reaches it after its deadline, over the connection that it was sent over, is carried out. */
  z.strictObject({ at, kind: kind('takesLate'), server, lasts }),
  /** Unloads at once around a step that was read anew end the process. */
  z.strictObject({ at, kind: kind('unloadsCrash'), server, lasts }),
  /** Another process takes so much of a GPU. */
  z.strictObject({
    at,
    kind: kind('foreign'),
    server,
    device: z.number().int().min(0).max(63),
    bytes,
    lasts,
  }),
  /** From now on so much of a model's memory never comes back. */
  z.strictObject({ at, kind: kind('residue'), server, model, bytes }),
  /** It was started in another control mode, and is restarted again in the end. */
  z.strictObject({ at, kind: kind('wrongMode'), server, downFor: ms, lasts: ms }),
  z.strictObject({
    at,
    kind: kind('repository'),
    server,
    model,
    change: z.enum(['removed', 'restored', 'touched', 'new version']),
  }),
  z.strictObject({ at, kind: kind('wallClockSet'), server, by: z.number().min(-86_400_000).max(86_400_000) }),
] as const;

const ofTheNetwork = [
  z.strictObject({ at, kind: kind('loseReply'), server, to: order, how: z.enum(['silence', 'break']) }),
  z.strictObject({ at, kind: kind('connectionBreaks'), server }),
  z.strictObject({ at, kind: kind('partition'), server, lasts }),
  z.strictObject({ at, kind: kind('slowNetwork'), longest: ms, lasts }),
] as const;

const ofBerth = [
  z.strictObject({ at, kind: kind('berthCrash'), downFor: ms }),
  z.strictObject({ at, kind: kind('berthStop'), downFor: ms }),
  z.strictObject({ at, kind: kind('berthPauses'), lasts: ms }),
  z.strictObject({
    at,
    kind: kind('crashAtWrite'),
    write: z.enum(['learned', 'told']),
    when: z.enum(['before', 'after']),
    downFor: ms,
  }),
  z.strictObject({ at, kind: kind('diskFull'), lasts }),
  /** Its own work presses the process so hard. */
  z.strictObject({ at, kind: kind('pressure'), level: z.enum(['none', 'high', 'severe', 'extreme']) }),
  z.strictObject({ at, kind: kind('slowDisk'), by: ms, lasts }),
] as const;

/** One thing that happens, at its moment, to what it names: nothing of it is left to chance. */
export const happeningSchema = z.discriminatedUnion('kind', [
  ...ofGateways,
  ...ofAdmins,
  ...ofAutoscalers,
  ...ofStrangers,
  ...ofServers,
  ...ofTheNetwork,
  ...ofBerth,
]);

export type Happening = z.infer<typeof happeningSchema>;
export type HappeningKind = Happening['kind'];
/** What admins order. */
export type OrderKind =
  | 'pin'
  | 'unpin'
  | 'orderLoad'
  | 'orderUnload'
  | 'orderReload'
  | 'drain'
  | 'undrain'
  | 'freeze'
  | 'unfreeze'
  | 'withdraw'
  | 'declare'
  | 'setLimits';
export type HappeningOf<Kind extends HappeningKind> = Extract<Happening, { readonly kind: Kind }>;

/** What is done when a happening of each kind is due; the answer says why it was not, where it makes no sense now. */
export type Doings = { readonly [Kind in HappeningKind]: (happening: HappeningOf<Kind>) => string | void };
