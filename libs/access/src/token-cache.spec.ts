import { describe, expect, it } from '@jest/globals';
import { type CachedToken, TokenCache } from './token-cache.js';

describe('TokenCache', () => {
  const token: CachedToken = { answer: 'not_signed_in', freshUntil: 1, expiresAt: 2 };

  it('lets the one go that was verified first, once there are too many', () => {
    const kept = new TokenCache(2);
    for (const hash of ['a', 'b', 'a', 'c']) kept.set(hash, token);
    expect(['a', 'b', 'c'].map((hash) => kept.get(hash))).toEqual([token, undefined, token]);
  });

  it('forgets what it is told to', () => {
    const kept = new TokenCache(2);
    kept.set('a', token);
    kept.delete('a');
    expect(kept.get('a')).toBeUndefined();
  });
});
