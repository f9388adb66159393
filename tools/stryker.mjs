/**
 * `npm run stryker -- placement/evict.ts ...`: which small breakages of these files of the core do its specs notice?
 * One line a file at the end, as docs/mutation-score.md has them; what survived is shown before. Slow, so not in CI.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './processes.mjs';
import { ROOT, setUpTools } from './set-up.mjs';

const HOURS_MS = 4 * 3_600_000;
/** Properties are tried this often for each mutant, unless RUNS says otherwise. */
const RUNS = '20';
const CORE = 'libs/core/src';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error(
    'say which files, as they are called under libs/core/src: npm run stryker -- placement/evict.ts',
  );
  process.exit(2);
}

await setUpTools();
const stryker = join(ROOT, 'node_modules/@stryker-mutator/core/bin/stryker.js');
const mutate = files.map((file) => `${CORE}/${file}`).join();
const { code } = await run(process.execPath, [stryker, 'run', '--mutate', mutate], {
  cwd: ROOT,
  env: { ...process.env, RUNS: process.env.RUNS ?? RUNS },
  timeoutMs: HOURS_MS,
});
process.exitCode = code;
if (code === 0) for (const row of rows()) console.log(row);

function rows() {
  const report = JSON.parse(readFileSync(join(ROOT, '.cache/stryker/report.json'), 'utf8'));
  return Object.entries(report.files).map(([path, { mutants }]) => row(path.slice(CORE.length + 1), mutants));
}

/** A mutant that never comes to an end was noticed; one that does not compile or was left out counts nowhere. */
function row(file, mutants) {
  const count = (...states) => mutants.filter(({ status }) => states.includes(status)).length;
  const noticed = count('Killed', 'Timeout');
  const survived = count('Survived', 'NoCoverage');
  const score = ((100 * noticed) / Math.max(1, noticed + survived)).toFixed(1);
  return `| \`${file}\` | ${noticed + survived} | ${noticed} | ${survived} | ${score} % |`;
}
