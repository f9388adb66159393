/**
 * Plays specs on one stage, all in this process: `play-specs.mjs STAGE CHANGED [SPEC]`. Without SPEC these are the specs of
 * the core and the engine, those nearest to the file CHANGED first. Jest's own runner plays them. Tells its parent of each
 * test that begins, and of those that fail.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addEventHandler, getState, resetState, run } from 'jest-circus';
import { nearestFirst } from './nearest-first.mjs';
import { PATIENCE_MS } from '../patience.mjs';

const [band, changed, only] = process.argv.slice(2);

/** No process is left to tell. */
process.on('disconnect', () => process.exit());
let spec;
addEventHandler(({ name, test }) => {
  if (name === 'test_start') process.send({ begins: spec });
  if (name === 'test_done' && test.errors.length > 0) process.send({ fails: spec, said: test.name });
});
for (spec of only ? [only] : nearestFirst(allSpecs(), changed)) {
  process.send({ begins: spec });
  resetState();
  getState().testTimeout = PATIENCE_MS;
  await import(pathToFileURL(join(band, spec.replace(/ts$/, 'js'))).href);
  const { unhandledErrors } = await run();
  if (unhandledErrors.length > 0) process.send({ fails: spec, said: unhandledErrors[0] });
}
process.disconnect();

function allSpecs() {
  return ['libs/core', 'libs/engine'].flatMap((library) =>
    readdirSync(join(band, library), { recursive: true })
      .filter((path) => path.endsWith('.spec.js'))
      .map((path) => join(library, path.replace(/js$/, 'ts'))),
  );
}
