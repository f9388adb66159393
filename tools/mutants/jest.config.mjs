/** The specs of the core and the engine, with a mutant in what they are about. */
import base from '../../jest.config.mjs';
import { ROOT } from '../set-up.mjs';

const [[pattern, [, swc]]] = Object.entries(base.transform);

export default {
  ...base,
  rootDir: ROOT,
  roots: ['<rootDir>/libs/core', '<rootDir>/libs/engine'],
  testSequencer: '<rootDir>/tools/mutants/nearest-first.mjs',
  reporters: ['<rootDir>/tools/mutants/first-failure.mjs'],
  transform: { [pattern]: ['<rootDir>/tools/mutants/transform.mjs', swc] },
};
