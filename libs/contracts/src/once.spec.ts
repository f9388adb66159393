import { describe, expect, it } from '@jest/globals';
import { once } from './once.js';

describe('once', () => {
  it('does the work once for each object', () => {
    const asked: object[] = [];
    const name = once((key: { readonly name: string }) => {
      asked.push(key);
      return key.name;
    });
    const [one, other] = [{ name: 'a' }, { name: 'a' }];
    expect([name(one), name(one), name(other)]).toEqual(['a', 'a', 'a']);
    expect(asked).toEqual([one, other]);
  });
});
