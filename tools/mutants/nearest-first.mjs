import { basename, dirname } from 'node:path';

/**
 * The order in which specs are played for a mutant: those named after the file that it changes, those of its folder, those
 * of its library, and then the rest. All properties come after all examples, which take a third of the time. Paths are
 * from the root.
 */
export function nearestFirst(specs, changed) {
  return specs.toSorted().toSorted((one, other) => distance(one, changed) - distance(other, changed));
}

/** More than the farthest example is away. */
const AFTER_EXAMPLES = 10;

function distance(spec, changed) {
  const steps = [
    stemOf(spec) === stemOf(changed),
    dirname(spec) === dirname(changed),
    libraryOf(spec) === libraryOf(changed),
  ];
  const far = steps.indexOf(true);
  return (far < 0 ? steps.length : far) + (spec.includes('.property.spec.') ? AFTER_EXAMPLES : 0);
}

const stemOf = (path) => `${dirname(path)}/${basename(path).split('.')[0]}`;

const libraryOf = (path) => path.split('/').slice(0, 2).join('/');
