/** `npm run check`: everything that can be said about the code without starting it as a whole; one line a stage. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from './jest.mjs';
import { run, seconds } from './processes.mjs';
import { ROOT, setUpTools } from './set-up.mjs';

const STAGE_MS = 300_000;
/** Of what a failed stage says: enough to begin with. */
const SHOWN_LINES = 300;
const SUITES = ['apps', 'libs', 'tools', 'test/simulation'];

const STAGES = [
  [
    'format',
    tool(
      'prettier/bin/prettier.cjs',
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-location=.cache/prettier',
      '.',
    ),
  ],
  ['lint', tool('oxlint/bin/oxlint', '--type-aware', '--format=unix')],
  ['types', tool('typescript/bin/tsc', '--noEmit', '--pretty', 'false', '-p', 'tsconfig.json')],
  ['dependency rules', tool('dependency-cruiser/bin/dependency-cruise.mjs', 'apps', 'libs', 'test')],
  ['dead code', tool('knip/bin/knip.js')],
  [
    'tests',
    () => jest('check', ['--roots', ...SUITES.filter(isThere)], { capture: true, timeoutMs: STAGE_MS }),
  ],
  // A bug put in on purpose: were it not found, the simulation would prove nothing.
  ['canary', () => script(join(ROOT, 'tools', 'mutants', 'play.mjs'), '--canary')],
];

await setUpTools();
for (const [name, stage] of STAGES) {
  const started = performance.now();
  const { code, output, timedOut, counts } = await stage();
  const verdict = timedOut ? 'TIMED OUT' : code === 0 ? 'ok' : 'FAILED';
  const detail = counts ? ` (${counts.passed} passed, ${counts.failed} failed)` : '';
  console.log(`${name.padEnd(17)} ${verdict.padEnd(6)} ${seconds(started).padStart(7)}${detail}`);
  if (verdict === 'ok') continue;
  console.log(beginningOf(output));
  process.exitCode = 1;
}

function tool(path, ...args) {
  return () => script(join(ROOT, 'node_modules', path), ...args);
}

function script(path, ...args) {
  return run(process.execPath, [path, ...args], { cwd: ROOT, capture: true, timeoutMs: STAGE_MS });
}

function beginningOf(output) {
  const lines = output.split('\n');
  if (lines.length <= SHOWN_LINES) return output;
  return [...lines.slice(0, SHOWN_LINES), `... and ${lines.length - SHOWN_LINES} lines more`, ''].join('\n');
}

function isThere(folder) {
  return existsSync(join(ROOT, folder));
}
