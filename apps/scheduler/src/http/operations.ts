import type { z } from 'zod';
import {
  batchSchema,
  explanationSchema,
  fleetSchema,
  modelSchema,
  pageSchema,
  planSchema,
  routeSchema,
  serverSchema,
} from '#contracts';
import { modelSpecSchema, pinSchema, publishedServerSchema } from '#config';
import { publishedPlanRequestSchema } from '../planning/plan-request.js';
import { freezeBodySchema } from '../fleet/freezes.js';
import { publishedBatchSchema } from '../models/model-batch.js';
import { resolveRequestSchema } from '../routing/resolve-request.js';

/** What an operation does and answers: what the controllers' types cannot tell. */
export interface Described {
  readonly summary: string;
  /** The status of success, and what comes with it. */
  readonly answers: Readonly<Record<number, z.ZodType | null>>;
  /** Where the controller does not name the body's schema itself. */
  readonly body?: z.ZodType;
  /** The body is a JSON Merge Patch of that schema: each key may be null too. */
  readonly patch?: true;
  /** It takes Idempotency-Key, If-Match where what it changes has a revision, and If-None-Match where it may create that. */
  readonly write?: true | 'or creates' | 'without a revision';
}

const write = true;
const model = { 200: modelSchema };
const server = { 200: serverSchema };

/** Every operation that is published, by method and path. */
export const OPERATIONS: Readonly<Record<string, Described>> = {
  'post /v1/models/{model}/resolve': {
    summary: 'Says where a model lives; waits for the load where it is cold',
    answers: { 200: routeSchema },
    body: resolveRequestSchema,
  },
  'get /v1/models': { summary: 'Lists the models', answers: { 200: pageSchema(modelSchema) } },
  'post /v1/models:batch': {
    summary: 'Declares up to 1,000 models, all or none, each as PUT does; the body may have 4 MiB',
    answers: { 200: batchSchema },
    body: publishedBatchSchema,
    write: 'without a revision',
  },
  'get /v1/models/{model}': { summary: 'Tells of a model without starting anything', answers: model },
  'put /v1/models/{model}': {
    summary: 'Declares a model: replaces what the API said of it',
    answers: { 200: modelSchema, 201: modelSchema },
    body: modelSpecSchema,
    write: 'or creates',
  },
  'patch /v1/models/{model}': {
    summary: 'Changes a model by JSON Merge Patch; null takes a key back to the layer below',
    answers: model,
    body: modelSpecSchema,
    patch: true,
    write,
  },
  'delete /v1/models/{model}': {
    summary: 'Takes back what the API said of a model',
    answers: { 204: null },
    write,
  },
  'put /v1/models/{model}/pin': {
    summary: 'Keeps copies of a model resident',
    answers: model,
    body: pinSchema,
    write,
  },
  'delete /v1/models/{model}/pin': { summary: 'Unpins a model', answers: model, write },
  'post /v1/models/{model}/load': { summary: 'Orders a load', answers: { 202: modelSchema }, write },
  'post /v1/models/{model}/unload': {
    summary: 'Retires the present copies once; demand and pins may bring them back',
    answers: { 202: modelSchema },
    write,
  },
  'get /v1/models/{model}/explain': {
    summary: 'Says why a model is where it is, or nowhere: each device with its verdict in numbers',
    answers: { 200: explanationSchema },
  },
  'post /v1/plan': {
    summary: 'Says what would happen if something were so; changes nothing',
    answers: { 200: planSchema },
    body: publishedPlanRequestSchema,
  },
  'post /v1/models/{model}/reload': {
    summary: 'Takes up a new version on disk: each copy leaves and is loaded again on its server',
    answers: { 202: modelSchema },
    write,
  },
  'get /v1/servers': { summary: 'Lists the servers', answers: { 200: pageSchema(serverSchema) } },
  'get /v1/servers/{server}': { summary: 'Tells of a server', answers: server },
  'put /v1/servers/{server}': {
    summary: 'Declares a server: replaces what the API said of it',
    answers: { 200: serverSchema, 201: serverSchema },
    body: publishedServerSchema,
    write: 'or creates',
  },
  'delete /v1/servers/{server}': {
    summary: 'Forgets a server and leaves its models loaded',
    answers: { 204: null },
    write,
  },
  'post /v1/servers/{server}/drain': {
    summary: 'Loads elsewhere what serves there, then lets go; survives a restart',
    answers: server,
    write,
  },
  'post /v1/servers/{server}/undrain': { summary: 'Ends a drain', answers: server, write },
  'get /v1/fleet': { summary: 'The whole picture', answers: { 200: fleetSchema } },
  'put /v1/fleet/frozen': {
    summary: 'Freezes the fleet: routes go on, no load or unload is ordered; survives a restart',
    answers: { 200: fleetSchema },
    body: freezeBodySchema,
    write: 'without a revision',
  },
  'delete /v1/fleet/frozen': {
    summary: 'Ends the freeze',
    answers: { 200: fleetSchema },
    write: 'without a revision',
  },
  'get /health/live': { summary: 'Whether the process runs', answers: { 200: null } },
  'get /health/ready': { summary: 'Whether it serves', answers: { 200: null, 503: null } },
  'get /metrics': { summary: 'Metrics, as Prometheus reads them', answers: { 200: null } },
};
