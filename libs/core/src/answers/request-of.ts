import type { Request } from '../fleet/fleet.js';
import type { ModelId, RequestId, TenantId } from '../fleet/ids.js';
import type { Class, Instant, Millis, Model } from '../fleet/model.js';
import { DEFAULT_LEASE } from '../learned/leases.js';

/** A request that waits from now on. */
export const requestOf = (
  id: RequestId,
  asked: Pick<Request, 'model' | 'version' | 'lease' | 'avoid' | 'affinityKey' | 'tenant' | 'requestId'>,
  { now, wait, rank }: { readonly now: Instant; readonly wait: Millis; readonly rank: Class },
): Request => ({
  id,
  model: asked.model,
  version: asked.version,
  arrivedAt: now,
  deadline: now + wait,
  lease: asked.lease,
  class: rank,
  avoid: asked.avoid,
  ...(asked.affinityKey === undefined ? {} : { affinityKey: asked.affinityKey }),
  tenant: asked.tenant,
  ...(asked.requestId === undefined ? {} : { requestId: asked.requestId }),
});

/** A request for any version of a model that waits for as long as the model allows; 0 ms for an unknown model. */
export const plainRequest = (
  id: RequestId,
  model: ModelId,
  tenant: TenantId,
  known: Model | undefined,
  now: Instant,
): Request =>
  requestOf(
    id,
    { model, version: null, avoid: [], tenant, lease: DEFAULT_LEASE },
    { now, wait: known?.coldStart.maxWait ?? 0, rank: known?.class ?? 'default' },
  );
