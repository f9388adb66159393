import { describe, expect, it } from '@jest/globals';
import { check } from '#config';
import { modelListSchema, pageOf, serverListSchema } from './pages.js';

const query = (given: object) => serverListSchema.parse(given);

describe('pages', () => {
  it('tell each item once, in order, however small they are', () => {
    const names = ['c', 'a', 'e', 'b', 'd'];
    const seen: string[] = [];
    for (let token: string | undefined; token !== '';) {
      const page = pageOf(
        names,
        query({ pageSize: '2', ...(token ? { pageToken: token } : {}) }),
        (name) => name,
      );
      seen.push(...page.items);
      token = page.nextPageToken;
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('fill up although some items do not pass', () => {
    const page = pageOf(['a', 'b', 'c', 'd'], query({ pageSize: 2 }), (name) =>
      name > 'b' ? name : undefined,
    );
    expect(page).toEqual({ items: ['c', 'd'], nextPageToken: '' });
  });

  it('refuse a token that is none', () => {
    expect(() => pageOf(['a'], query({ pageToken: '####' }), (name) => name)).toThrow(/pageToken/);
  });

  it.each([
    { pageSize: '0' },
    { pageSize: 1_001 },
    { pageSize: 'many' },
    { server: '..' },
    { colour: 'red' },
    { pageToken: 'x'.repeat(401) },
  ])('refuse the query %j', (given) => {
    expect(check(modelListSchema, given).ok).toBe(false);
  });
});
