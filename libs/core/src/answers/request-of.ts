import type { Request } from '../fleet/fleet.js';
import type { Bytes } from '../fleet/model.js';

/** The record of a request, what the engine keeps of its caller, and the promise of its answer: 760 were measured. */
const RECORD: Bytes = 1_024;

/** A string besides its letters, and its place in a list: 34 were measured. */
const TEXT: Bytes = 40;

type Said = Pick<Request, 'model' | 'version' | 'avoid' | 'tenant' | 'requestId'>;

/** What a request holds of our memory while it waits, its connection not included. */
export function heldFor({ model, version, avoid, tenant, requestId }: Said): Bytes {
  const texts = [model, version ?? '', tenant, ...avoid, ...(requestId === undefined ? [] : [requestId])];
  return texts.reduce((sum, text) => sum + text.length + TEXT, RECORD);
}
