/**
 * Plays a spec with Jest's own runner, in the process as it is. What Jest adds to it otherwise, a fresh copy of all modules for
 * each spec, took most of the time, and was never given back. Specs of one worker share their modules, so no module keeps a
 * state that a spec could notice.
 */
import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';
import playWithCircus from 'jest-circus/runner';
import { beginSpec } from './each-spec.mjs';
import { offer } from './globals.mjs';

const NODES_OWN_LIMIT = 10;
/** Where the runner keeps what a spec has told it. */
const KEPT = ['JEST_STATE_SYMBOL', 'EVENT_HANDLERS'];

register('./hooks.mjs', import.meta.url);
process.setSourceMapsEnabled(true);

export default function playSpec(globalConfig, config, environment, runtime, ...more) {
  // Jest knows no source maps but those of what it has transformed itself.
  Error.prepareStackTrace = undefined;
  // As in production. Jest makes it 100, and some callers read the stack of each error.
  Error.stackTraceLimit = NODES_OWN_LIMIT;
  const bare = Object.assign(Object.create(runtime), {
    requireInternalModule: requireAnew,
    requireModule: createRequire(import.meta.url),
    setGlobalsForRuntime: offer,
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: importSpec,
  });
  return playWithCircus.default(globalConfig, config, environment, bare, ...more);
}

function importSpec(path) {
  beginSpec();
  return import(pathToFileURL(path).href);
}

/** The runner, without what an earlier spec has told it. */
function requireAnew(path) {
  const require = createRequire(import.meta.url);
  delete require.cache[path];
  for (const key of Object.getOwnPropertySymbols(globalThis))
    if (KEPT.includes(key.description)) delete globalThis[key];
  return require(path);
}
