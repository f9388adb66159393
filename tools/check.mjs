/**
 * `npm run check [-- --no-tests]`: everything that can be said about the code without starting it as a whole; one line a
 * stage. Without the tests where `npm test` is to follow, which plays the same ones.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from './jest.mjs';
import { run, seconds } from './processes.mjs';
import { ROOT, setUpTools } from './set-up.mjs';
import { FAST_SET } from './suites.mjs';

/** It ends what hangs; a slow machine only takes longer. */
const STAGE_MS = 1_200_000;
/** Of what a failed stage says: enough to begin with. */
const SHOWN_LINES = 300;
const SUITES = ['apps', 'libs', 'tools', 'test/simulation'];

/** Nearly all of them keep to one core, so two run side by side. */
const TOOLS = [
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
];

/** Each of these takes all cores. */
const PLAYED = [
  [
    'tests',
    () =>
      jest('check', [...FAST_SET, '--roots', ...SUITES.filter(isThere)], {
        capture: true,
        timeoutMs: STAGE_MS,
      }),
  ],
  // A bug put in on purpose: were it not found, the simulation would prove nothing.
  [
    'canary',
    () => script(join(ROOT, 'tools', 'mutants', 'play.mjs'), CANARY, '--only', 'seeds', '--seeds', '20'),
  ],
];

const options = process.argv.slice(2);
const isWithTests = !options.includes('--no-tests');
if (options.some((one) => one !== '--no-tests')) {
  console.error('berth: check takes --no-tests, and nothing else');
  process.exit(2);
}

await setUpTools();
const found = new Map();
const left = [...TOOLS];
await Promise.all([lane(), lane()]);
for (const [name] of TOOLS) tell(name, found.get(name));
const played = PLAYED.filter(([name]) => isWithTests || name !== 'tests');
for (const [name, stage] of played) tell(name, await timed(stage));

/** Runs what is left, one after the other. */
async function lane() {
  for (let next = left.shift(); next; next = left.shift()) {
    const [name, stage] = next;
    found.set(name, await timed(stage));
  }
}

async function timed(stage) {
  const started = performance.now();
  const result = await stage();
  return { ...result, took: seconds(started) };
}

function tell(name, { code, output, timedOut, counts, took }) {
  const verdict = timedOut ? 'TIMED OUT' : code === 0 ? 'ok' : 'FAILED';
  const detail = counts ? ` (${counts.passed} passed, ${counts.failed} failed)` : '';
  console.log(`${name.padEnd(17)} ${verdict.padEnd(6)} ${took.padStart(7)}${detail}`);
  if (verdict === 'ok') return;
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
