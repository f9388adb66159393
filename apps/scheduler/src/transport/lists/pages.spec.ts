import { describe, expect, it } from '@jest/globals';
import { check } from '#config';
import { atOnce } from './time-slicer.js';
import { modelListSchema, pageOf, serverListSchema } from './pages.js';

/** A page of these names, made at once. */
const all = (
  names: string[],
  given: object,
  itemOf = (name: string): string | undefined => name,
  tell = (item: string): string => item,
) => atOnce(pageOf(serverListSchema.parse(given), { names: () => names, view: () => itemOf, tell }));

describe('pages', () => {
  it('tell each item once, in order, however small they are', () => {
    const names = ['c', 'a', 'e', 'b', 'd'];
    const seen: string[] = [];
    for (let token: string | undefined; token !== '';) {
      const page = all(names, { pageSize: '2', ...(token ? { pageToken: token } : {}) });
      seen.push(...page.items);
      token = page.nextPageToken;
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('fill up although some items do not pass', () => {
    const page = all(['a', 'b', 'c', 'd'], { pageSize: 2 }, (name) => (name > 'b' ? name : undefined));
    expect(page).toEqual({ items: ['c', 'd'], nextPageToken: '' });
  });

  it('end before they are too long for a message, but have an item', () => {
    const long = (mib: number) => (name: string) => name.repeat(mib * 2 ** 20);
    const page = all(['a', 'b', 'c'], { pageSize: 3 }, undefined, long(1.5));
    expect([page.items.length, page.nextPageToken]).toEqual([2, Buffer.from('b').toString('base64url')]);
    const next = all(['a', 'b', 'c'], { pageToken: page.nextPageToken }, undefined, long(5));
    expect(next.items.map(([name]) => name)).toEqual(['c']);
    expect(next.nextPageToken).toBe('');
  });

  it('look again at what there is after each pause', () => {
    const looks = ['then', 'now'];
    const view = () => {
      const look = looks.shift();
      return (name: string) => `${name} ${look}`;
    };
    const query = serverListSchema.parse({});
    const work = pageOf(query, { names: () => ['a', 'b'], view, tell: (item) => item });
    for (const hasPaused of [false, false, true]) work.next(hasPaused);
    expect(looks).toEqual([]);
    const names = ['a', 'b'];
    const steps = pageOf(query, { names: () => names, view: () => (name) => name, tell: (item) => item });
    expect(atOnce(steps).items).toEqual(names);
  });

  it('refuse a token that is none', () => {
    expect(() => all(['a'], { pageToken: '####' })).toThrow(/pageToken/);
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
