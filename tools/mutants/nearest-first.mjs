import { basename, dirname } from 'node:path';

/**
 * The order in which specs are played for a mutant: those named after the file that it changes, those of its folder, those
 * of its library, and then the rest; examples before properties, which take their time. Paths are from the root.
 */
export function nearestFirst(specs, changed) {
  return specs.toSorted().toSorted((one, other) => distance(one, changed) - distance(other, changed));
}

function distance(spec, changed) {
  const steps = [
    stemOf(spec) === stemOf(changed),
    dirname(spec) === dirname(changed),
    libraryOf(spec) === libraryOf(changed),
  ];
  const far = steps.indexOf(true);
  return 2 * (far < 0 ? steps.length : far) + Number(spec.includes('.property.spec.'));
}

const stemOf = (path) => `${dirname(path)}/${basename(path).split('.')[0]}`;

const libraryOf = (path) => path.split('/').slice(0, 2).join('/');
