import { describe, expect, it } from '@jest/globals';
import { heldFor } from './request-of.js';
import type { ModelId, ServerId, TenantId } from '../fleet/ids.js';

describe('what a request holds while it waits', () => {
  const plain = { model: 'm' as ModelId, version: null, avoid: [], tenant: 't' as TenantId };
  const said = (avoid: readonly string[]): number => heldFor({ ...plain, avoid: avoid as ServerId[] });

  it('grows with each letter and each name that it says', () => {
    const least = heldFor(plain);
    expect(heldFor({ ...plain, model: 'model' as ModelId })).toBe(least + 4);
    expect(heldFor({ ...plain, version: '12' })).toBe(least + 2);
    expect(heldFor({ ...plain, tenant: 'tenants' as TenantId })).toBe(least + 6);
    expect(heldFor({ ...plain, requestId: 'x'.repeat(128) })).toBe(least + 128 + 40);
    expect(said(['abc', 'd']) - said(['abc'])).toBe(said(['d']) - least);
    expect(said(['d'])).toBeGreaterThan(least + 1);
  });
});
