import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ModelId, ServerId } from '../index.js';
import { copyForKey } from './affinity.js';

const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,11}$/);
const servers = fc.uniqueArray(name, { minLength: 1, maxLength: 12 });
const keys = fc.array(fc.string({ minLength: 1, maxLength: 128 }), { minLength: 1, maxLength: 40 });

const UNUSED = (): number => 0;

const leads = (
  key: string,
  model: string,
  to: readonly string[],
  usesOf: (server: string) => number = UNUSED,
) =>
  copyForKey(
    to.map((server) => ({ server: server as ServerId })),
    { key, model: model as ModelId },
    ({ server }) => usesOf(server),
  )!.server;

describe('the copies of keys, whatever keys and servers there are', () => {
  it('move to a further copy or from one that leaves, and from no other', () => {
    fc.assert(
      fc.property(keys, name, servers, name, (all, model, before, further) => {
        fc.pre(!before.includes(further));
        const after = [further, ...before];
        for (const key of all) {
          const [was, is] = [leads(key, model, before), leads(key, model, after)];
          expect([was, further]).toContain(is);
        }
      }),
    );
  });

  it('are the same in each order of the copies', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        name,
        servers,
        fc.infiniteStream(fc.nat()),
        (key, model, some, chance) => {
          const shuffled = some
            .map((server) => ({ server, by: chance.next().value as number }))
            .toSorted((one, other) => one.by - other.by)
            .map(({ server }) => server);
          expect(leads(key, model, shuffled)).toBe(leads(key, model, some));
        },
      ),
    );
  });

  it('are not used too much, and before them in the order of hashes is only what is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        name,
        servers,
        fc.array(fc.nat({ max: 40 })),
        (key, model, some, counts) => {
          const usesOf = (server: string): number => counts[some.indexOf(server)] ?? 0;
          const mean = some.reduce((sum, server) => sum + usesOf(server), 0) / some.length;
          const isCrowded = (server: string): boolean => usesOf(server) >= 8 && usesOf(server) > 1.25 * mean;
          const calm = some.filter((server) => !isCrowded(server));
          expect(leads(key, model, some, usesOf)).toBe(leads(key, model, calm));
        },
      ),
    );
  });
});

describe('many keys', () => {
  const many = Array.from({ length: 12_000 }, (_, nth) => `session-${nth}`);

  it('are shared among copies alike, though the names of these differ in one letter alone', () => {
    const all = ['triton-a', 'triton-b', 'triton-c', 'triton-d'];
    const counts = new Map<string, number>();
    for (const key of many) {
      const server = leads(key, 'm', all);
      counts.set(server, (counts.get(server) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(all);
    for (const count of counts.values()) expect(Math.abs(count - 3_000)).toBeLessThan(300);
  });
});
