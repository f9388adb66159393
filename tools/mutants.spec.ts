import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseSync } from '@swc/core';
import { type Mutant, MUTANTS } from './mutants.js';

/** That each mutant still is one: the code it changes is there, and what it makes of it is code. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));

describe('the list of mutants', () => {
  it('has at least 25, each under a name of its own', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(25);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    expect(names.filter((name) => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([]);
  });

  it('is about what the simulations play, and about promises that docs/architecture.md numbers', () => {
    const strays = MUTANTS.filter(
      ({ file }) =>
        !/^(?:libs\/(?:core|engine|store-redis)|apps\/scheduler)\/src\/.*(?<!\.spec)\.ts$/.test(file),
    );
    expect(strays.map(({ name }) => name)).toEqual([]);
    expect(MUTANTS.filter(({ breaks }) => !(breaks >= 1 && breaks <= 21)).map(({ name }) => name)).toEqual(
      [],
    );
  });

  it('names no change twice', () => {
    const changes = MUTANTS.map(({ file, find, replace }) => JSON.stringify([file, find, replace]));
    expect(changes.filter((change, at) => changes.indexOf(change) !== at)).toEqual([]);
  });
});

describe('a mutant', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s still applies', (_, mutant) => {
    const source = read(mutant);
    expect(source.split(mutant.find)).toHaveLength(2);
    const mutated = source.replace(mutant.find, () => mutant.replace);
    expect(mutated).not.toBe(source);
    expect(() => parseSync(mutated, { syntax: 'typescript', target: 'es2023' })).not.toThrow();
  });
});

const read = ({ file }: Mutant): string => readFileSync(join(ROOT, file), 'utf8');
