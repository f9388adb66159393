import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Chain, Link } from './chain.js';

class Named extends Link {
  constructor(readonly name: number) {
    super();
  }
}

describe('a chain', () => {
  it('has those that joined and have not left, in the order in which they joined', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5)), (names) => {
        const members = Array.from({ length: 6 }, (_, name) => new Named(name));
        const [chain, expected] = [new Chain<Named>(), new Set<Named>()];
        for (const name of names) {
          const member = members[name]!;
          expect(member.isIn).toBe(expected.has(member));
          if (member.isIn) member.leave();
          else chain.add(member);
          if (!expected.delete(member)) expected.add(member);
          expect(chain.all()).toEqual([...expected]);
        }
      }),
    );
  });

  it('is left by its members while it is gone through', () => {
    const chain = new Chain<Named>();
    for (const name of [1, 2, 3]) chain.add(new Named(name));
    for (const member of chain.all()) member.leave();
    expect(chain.all()).toEqual([]);
  });
});
