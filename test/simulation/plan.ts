import type { Limits, Model, ModelSettings, ServerSpec } from '#core';
import { type SimulatedModel, simulatedModelSchema, type SimulatedTritonSetup } from '#triton-simulator';
import { z } from 'zod';
import {
  bytes,
  count,
  type Happening,
  happeningSchema,
  limitsSchema,
  modelName,
  ms,
  serverName,
} from './happenings.js';

/** A server as it is declared to Berth, and as it is. */
export interface PlannedServer {
  readonly spec: ServerSpec;
  readonly setup: {
    readonly devices: SimulatedTritonSetup['devices'];
    readonly hostMemoryBytes: number;
    readonly options: { readonly baselineBytes: number; readonly exitTimeoutMs: number };
  };
  /** Whether Berth knows it from the start; else an autoscaler brings it. */
  readonly isDeclared: boolean;
  readonly hasMetrics: boolean;
  /** How fast its time goes by, by Berth's clock. */
  readonly clockRate: number;
  /** How long it is not there at the start; 0: it is. */
  readonly lateBy: number;
}

/** A model as it is declared, and as it lies on the disk of each server. */
export interface PlannedModel {
  readonly model: Model;
  readonly disk: SimulatedModel;
  /** Whether it is declared from the start; else it is only found. */
  readonly isDeclared: boolean;
  /** Whether its declared size is honest also where the defaults are taken for it. */
  readonly fitsDefaults: boolean;
}

/** One fleet and all that happens to it. It stays a plan whatever is left out of it. */
export interface Plan {
  readonly version: 1;
  /** What it once broke, where it is kept for that. */
  readonly title?: string;
  /** What the network draws its delays from. */
  readonly seed: number;
  /** Messages arrive at multiples of this, so that things happen at once; 0: at any moment. */
  readonly grain: number;
  /** For so long things happen; then what is broken heals or stays dead. */
  readonly storm: number;
  /** The least that is simulated, with the quiet after the storm. */
  readonly atLeast: number;
  readonly servers: readonly PlannedServer[];
  readonly models: readonly PlannedModel[];
  readonly limits: Limits;
  readonly defaults: ModelSettings;
  /** In the order of their moments. */
  readonly happenings: readonly Happening[];
}

const labels = z.record(z.string(), z.string());
const ordinal = z.number().int().min(0).max(63);

const settings = {
  enabled: z.boolean(),
  gpuBytes: bytes,
  hostBytes: bytes,
  gpuDeclared: z.boolean(),
  hostDeclared: z.boolean(),
  idleUnload: ms.nullable(),
  idleMode: z.enum(['strict', 'soft']),
  loadTimeout: ms,
  minResidency: ms,
  class: z.enum(['critical', 'default', 'sheddable']),
  coldStart: z.strictObject({
    policy: z.enum(['queue', 'shed']),
    maxQueue: count,
    maxWait: ms,
    loadWhenShed: z.boolean(),
  }),
  onLimitExceeded: z.enum(['warn', 'unload', 'quarantine']).default('warn'),
  onFailing: z.enum(['flag', 'replace']).default('flag'),
};

/** Plans that were kept from before say of both sizes at once whether they were declared. */
function apart(told: unknown): unknown {
  if (typeof told !== 'object' || told === null || !('sizesDeclared' in told)) return told;
  const { sizesDeclared, ...rest } = told;
  return { gpuDeclared: sizesDeclared, hostDeclared: sizesDeclared, ...rest };
}

const modelShape = z.strictObject({
  ...settings,
  id: modelName,
  source: z.enum(['declared', 'discovered']),
  pinnedCopies: z.number().int().min(0).max(64),
  minCopies: z.number().int().min(0).max(64).default(0),
  maxCopies: z.number().int().min(1).max(64).nullable(),
  dependsOn: z.array(modelName).max(64),
  needsDeclared: z.boolean().default(false),
  require: labels,
  spread: z.string().max(128).nullable().default(null),
  deviceSets: z.array(z.array(ordinal).min(1).max(64)).max(64).default([]),
  config: z.string().max(100_000).nullable(),
});

const spec = z.strictObject({
  id: serverName,
  host: z.string().min(1).max(128),
  labels,
  hostMemory: bytes.nullable(),
  discover: z.boolean(),
  strangers: z.enum(['keep', 'adopt', 'retire']),
  metricsInterval: ms.default(2_000),
  devices: z
    .array(z.strictObject({ ordinal, uuid: z.string().nullable(), memory: bytes, headroom: bytes }))
    .max(64)
    .nullable(),
});

const setup = z.strictObject({
  devices: z.array(z.strictObject({ ordinal, uuid: z.string(), memoryBytes: bytes })).max(64),
  hostMemoryBytes: bytes,
  options: z.strictObject({ baselineBytes: bytes, exitTimeoutMs: ms }),
});

const schema = z.strictObject({
  version: z.literal(1),
  title: z.string().max(1_000).exactOptional(),
  seed: z.number().int(),
  grain: ms,
  storm: ms,
  atLeast: ms,
  servers: z
    .array(
      z.strictObject({
        spec,
        setup,
        isDeclared: z.boolean(),
        hasMetrics: z.boolean(),
        clockRate: z.number().min(0.5).max(2),
        lateBy: ms,
      }),
    )
    .max(64),
  models: z
    .array(
      z.strictObject({
        model: z.preprocess(apart, modelShape),
        disk: simulatedModelSchema,
        isDeclared: z.boolean(),
        fitsDefaults: z.boolean(),
      }),
    )
    .max(1_000),
  limits: limitsSchema,
  defaults: z.preprocess(apart, z.strictObject(settings)),
  happenings: z.array(happeningSchema).max(1_000_000),
});

type Complain = (path: readonly PropertyKey[], rule: string) => void;

/** What no field can know by itself. Names that nothing has any more are allowed: a plan may be shortened. */
function crossCheck(plan: z.infer<typeof schema>, complain: Complain): void {
  const { servers, models, happenings, storm } = plan;
  const servedBy = new Set<string>();
  for (const [
    nth,
    {
      spec: { id },
    },
  ] of servers.entries()) {
    if (servedBy.has(id)) complain(['servers', nth, 'spec', 'id'], 'another server has that name');
    servedBy.add(id);
  }
  const known = new Set<string>();
  for (const [
    nth,
    {
      model: { id },
      disk,
    },
  ] of models.entries()) {
    if (known.has(id)) complain(['models', nth, 'model', 'id'], 'another model has that name');
    if (disk.name !== id) complain(['models', nth, 'disk', 'name'], `the model is called ${id}`);
    known.add(id);
  }
  let before = 0;
  for (const [nth, { at }] of happenings.entries()) {
    if (at < before) complain(['happenings', nth, 'at'], `the one before it happens at ${before}`);
    if (at > storm) complain(['happenings', nth, 'at'], `the storm is over at ${storm}`);
    before = at;
  }
}

/** What a plan has to look like, wherever it comes from; unknown keys are refused. */
export const planSchema: z.ZodType<Plan> = schema.superRefine((plan, context) =>
  crossCheck(plan, (path, message) => context.addIssue({ code: 'custom', path: [...path], message })),
);
