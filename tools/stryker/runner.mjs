/**
 * Runs all specs of the core in one process that reads them once: for each mutant only those tests are run that come to
 * it, until the first that fails. They are synchronous, so a loop without an end is Stryker's to break.
 */
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tests } from './globals.mjs';

/** What mutated sources read, and where they note which mutants a test came to. */
const context = (globalThis.__stryker__ ??= {});

class InProcess {
  isLoaded = false;

  /** A module is read once in a process. */
  capabilities() {
    return { reloadEnvironment: false };
  }

  init() {
    register(new URL('sources.mjs', import.meta.url), { data: process.cwd() });
  }

  async dryRun() {
    const mutantCoverage = { static: {}, perTest: {} };
    context.mutantCoverage = mutantCoverage;
    await this.load();
    const results = tests.map((test) => {
      context.currentTestId = test.id;
      return attempt(test);
    });
    context.currentTestId = undefined;
    context.mutantCoverage = undefined;
    return { status: 'complete', tests: results, mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit }) {
    if (mutantActivation === 'runtime') await this.load();
    Object.assign(context, { activeMutant: activeMutant.id, hitLimit, hitCount: hitLimit && 0 });
    try {
      await this.load();
      return outcome(testFilter && new Set(testFilter));
    } catch (error) {
      return { status: 'error', errorMessage: String(error) };
    } finally {
      context.activeMutant = undefined;
    }
  }

  async load() {
    if (this.isLoaded) return;
    this.isLoaded = true;
    await import(pathToFileURL(join(process.cwd(), 'tools/stryker/core.ts')).href);
  }
}

function outcome(chosen) {
  let nrOfTests = 0;
  for (const test of tests) {
    if (chosen && !chosen.has(test.id)) continue;
    nrOfTests += 1;
    const { status, failureMessage } = attempt(test);
    if (context.hitCount > context.hitLimit) return { status: 'timeout', reason: 'it goes on and on' };
    if (status === FAILED) return { status: 'killed', killedBy: [test.id], failureMessage, nrOfTests };
  }
  return { status: 'survived', nrOfTests };
}

/** As Stryker numbers them. */
const [SUCCEEDED, FAILED] = [0, 1];

function attempt({ id, run }) {
  const begun = performance.now();
  const result = (status) => ({ id, name: id, status, timeSpentMs: performance.now() - begun });
  try {
    run();
    return result(SUCCEEDED);
  } catch (error) {
    return { ...result(FAILED), failureMessage: String(error?.message ?? error) };
  }
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', injectableClass: InProcess }];
