/** Jest's transform with the mutant that MUTANT holds: Jest keeps what came of it by the mutated source. */
import { relative } from 'node:path';
import swcJest from '@swc/jest';
import { ROOT } from '../set-up.mjs';
import { mutate } from './stage.mjs';

const mutant = process.env.MUTANT === undefined ? undefined : JSON.parse(process.env.MUTANT);

const mutated = (source, path) => (relative(ROOT, path) === mutant?.file ? mutate(source, mutant) : source);

export default {
  createTransformer(options) {
    const inner = swcJest.createTransformer(options);
    return {
      canInstrument: inner.canInstrument,
      process: (source, path, more) => inner.process(mutated(source, path), path, more),
      processAsync: (source, path, more) => inner.processAsync(mutated(source, path), path, more),
      getCacheKey: (source, path, more) => inner.getCacheKey(mutated(source, path), path, more),
    };
  },
};
