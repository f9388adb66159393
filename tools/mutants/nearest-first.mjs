/**
 * Jest's order of specs for a mutant: those named after the file that it changes, those of its folder, those of its library,
 * and then the rest; examples before properties, which take their time. The first that fails ends the run.
 */
import { basename, dirname, relative } from 'node:path';
import { ROOT } from '../set-up.mjs';

/** For Jest, which asks a class for more than an order. */
export default class NearestFirst {
  sort(tests) {
    const changed = JSON.parse(process.env.MUTANT ?? 'null')?.file;
    return tests
      .map((test) => ({ test, distance: distance(relative(ROOT, test.path), changed) }))
      .toSorted((one, other) => one.distance - other.distance || (one.test.path < other.test.path ? -1 : 1))
      .map(({ test }) => test);
  }

  shard(tests) {
    return tests;
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}

/** How far a spec is from a file, both by their paths from the root; without a file only its kind counts. */
export function distance(spec, changed) {
  const isProperty = spec.endsWith('.property.spec.ts');
  if (changed === undefined) return Number(isProperty);
  const steps = [
    stemOf(spec) === stemOf(changed),
    dirname(spec) === dirname(changed),
    libraryOf(spec) === libraryOf(changed),
  ];
  const far = steps.indexOf(true);
  return 2 * (far < 0 ? steps.length : far) + Number(isProperty);
}

const stemOf = (path) => `${dirname(path)}/${basename(path).split('.')[0]}`;

const libraryOf = (path) => path.split('/').slice(0, 2).join('/');
