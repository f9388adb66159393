import type { Request } from '../fleet/fleet.js';
import type { ModelId, RequestId, TenantId } from '../fleet/ids.js';
import type { Bytes, Class, Instant, Millis, Model } from '../fleet/model.js';
import { DEFAULT_LEASE } from '../learned/leases.js';

/** The record of a request, what the engine keeps of its caller, and the promise of its answer: 760 were measured. */
const RECORD: Bytes = 1_024;

/** A string besides its letters, and its place in a list: 34 were measured. */
const TEXT: Bytes = 40;

type Asked = Pick<Request, 'model' | 'version' | 'avoid' | 'tenant' | 'requestId'>;

/** A request that waits from now on. */
export const requestOf = (
  id: RequestId,
  asked: Asked & Pick<Request, 'lease'>,
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
  tenant: asked.tenant,
  bytes: heldFor(asked),
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

/** What a request holds of our memory while it waits, its connection not included. */
export function heldFor({ model, version, avoid, tenant, requestId }: Asked): Bytes {
  const texts = [model, version ?? '', tenant, ...avoid, ...(requestId === undefined ? [] : [requestId])];
  return texts.reduce((sum, text) => sum + text.length + TEXT, RECORD);
}
