import type {
  Class,
  Instant,
  Model,
  ModelId,
  Request,
  RequestId,
  ServerId,
  ServerSpec,
  TenantId,
} from '#core';
import type { LearnedFacts } from '#engine';

/** Sizes in these tests are small round numbers: one "byte" is enough to tell models apart. */
export const aModel = (id: string, parts: Partial<Model> = {}): Model => ({
  id: id as ModelId,
  source: 'declared',
  enabled: true,
  gpuBytes: 4,
  hostBytes: 0,
  gpuDeclared: true,
  hostDeclared: true,
  idleUnload: 300_000,
  idleMode: 'strict',
  loadTimeout: 60_000,
  minResidency: 0,
  class: 'default',
  coldStart: { policy: 'queue', maxQueue: 100, maxWait: 60_000, loadWhenShed: true },
  onLimitExceeded: 'warn',
  onFailing: 'flag',
  pinnedCopies: 0,
  minCopies: 0,
  maxCopies: null,
  dependsOn: [],
  needsDeclared: true,
  require: {},
  spread: null,
  deviceSets: [],
  config: null,
  ...parts,
});

/** A model of which nobody has said what it is made of. */
export const aPendingModel = (id: string, parts: Partial<Model> = {}): Model =>
  aModel(id, { needsDeclared: false, ...parts });

/** The tenant of a request where it does not matter which, and what the request holds. */
export const SOMEBODY: Pick<Request, 'tenant'> = { tenant: 'somebody' as TenantId };

/** What a caller may say, and its tenant. */
export interface Asking {
  readonly wait?: number;
  /** How long before the turn it came. */
  readonly ago?: number;
  readonly version?: string;
  readonly avoid?: readonly string[];
  readonly lease?: number;
  readonly class?: Class;
  readonly tenant?: string;
  readonly affinityKey?: string;
}

/** A request for a model, as the core hears of it at that moment. */
export function aRequest(id: string, model: string, now: Instant, said: Asking = {}): Request {
  const arrivedAt = now - (said.ago ?? 0);
  return {
    id: id as RequestId,
    model: model as ModelId,
    version: said.version ?? null,
    arrivedAt,
    deadline: arrivedAt + (said.wait ?? 60_000),
    lease: said.lease ?? 10_000,
    class: said.class ?? 'default',
    avoid: (said.avoid ?? []) as ServerId[],
    ...SOMEBODY,
    ...(said.tenant === undefined ? {} : { tenant: said.tenant as TenantId }),
    ...(said.affinityKey === undefined ? {} : { affinityKey: said.affinityKey }),
  };
}

/** A server with one GPU per given capacity. */
export const aServer = (
  id: string,
  gpus: readonly number[] = [10],
  parts: Partial<ServerSpec> = {},
): ServerSpec => ({
  id: id as ServerId,
  host: id,
  labels: {},
  hostMemory: null,
  discover: true,
  strangers: 'keep',
  metricsInterval: 2_000,
  devices: gpus.map((memory, ordinal) => ({ ordinal, uuid: `${id}-${ordinal}`, memory, headroom: 0 })),
  ...parts,
});

/** What a store tells that was never written to. */
export const nothingLearned = (): LearnedFacts => ({
  servers: new Map(),
  ordered: new Map(),
  steps: new Map(),
  loadTimes: new Map(),
  loadPaces: new Map(),
  footprints: new Map(),
  leases: new Map(),
  wants: [],
});
