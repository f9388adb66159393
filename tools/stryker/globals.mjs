/** What specs import from Jest, for a process that runs them itself: they are only collected here. */
import { createRequire } from 'node:module';

/** Jest's own, from where its globals take it. */
const { jestExpect } = createRequire(import.meta.resolve('@jest/globals'))('@jest/expect');

export const expect = jestExpect;
/** All that were told, in their order: a name that only one has, and what it does. */
export const tests = [];

const names = [];
let before = [];

export function describe(name, tell) {
  const outside = before;
  names.push(name);
  tell();
  names.pop();
  before = outside;
}

export function it(name, does) {
  const first = before;
  const run = () => {
    for (const prepare of first) prepare();
    if (does() instanceof Promise) throw new Error('nothing waits here for the end of a test');
  };
  tests.push({ id: [...names, name, `#${tests.length}`].join(' '), run });
}

export const beforeEach = (prepare) => (before = [...before, prepare]);

/** A row that is a list is the arguments, any other the only one. */
const each = (tell) => (rows) => (name, does) => {
  for (const row of rows) tell(name, () => does(...(Array.isArray(row) ? row : [row])));
};
it.each = each(it);
