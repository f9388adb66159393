import type { ModelId, ServerId, TenantId } from '../fleet/ids.js';
import type { Bytes } from '../fleet/model.js';

/** The record of a request, what the engine keeps of its caller, and the promise of its answer: 760 were measured. */
const RECORD: Bytes = 1_024;

/** A string besides its letters, and its place in a list: 34 were measured. */
const TEXT: Bytes = 40;

/** What a request says that may be long. */
interface Said {
  readonly model: ModelId;
  readonly version: string | null;
  readonly avoid: readonly ServerId[];
  readonly tenant: TenantId;
  readonly requestId?: string;
}

/** What a request holds of our memory while it waits. What its connection takes is not in it. */
export function heldFor({ model, version, avoid, tenant, requestId }: Said): Bytes {
  const texts = [model, version ?? '', tenant, ...avoid, ...(requestId === undefined ? [] : [requestId])];
  return texts.reduce((sum, text) => sum + text.length + TEXT, RECORD);
}
