/**
 * `npm run check [-- --no-tests]`: everything that can be said about the code without starting it as a whole; one line a
 * stage. Without the tests where `npm test` is to follow, which plays the same ones.
 */
import { exec } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { ROOT, setUpTools } from './set-up.mjs';

/** Nearly all of them keep to one core, so two run side by side. */
const TOOLS = {
  format: 'prettier --check --log-level=warn --cache --cache-location=.cache/prettier .',
  lint: 'oxlint --type-aware --format=unix',
  types: 'tsc --noEmit --pretty false',
  'dependency rules': 'depcruise apps libs test',
  'dead code': 'knip',
};

/** Each of these takes all cores. */
const PLAYED = {
  tests:
    'node --experimental-vm-modules node_modules/jest/bin/jest.js' +
    ' --selectProjects fast --roots apps libs tools test/simulation --reporters=summary',
  // A bug put in on purpose: were it not found, the simulation would prove nothing.
  canary: 'node tools/mutants/play.mjs release-on-acknowledgement --only seeds --seeds 20',
};

const [option, ...more] = process.argv.slice(2);
if (more.length > 0 || ![undefined, '--no-tests'].includes(option)) {
  console.error('berth: check takes --no-tests, and nothing else');
  process.exit(2);
}

await setUpTools();
const tools = Object.keys(TOOLS);
await Promise.all([lane(), lane()]);
if (option === undefined) await play('tests', PLAYED.tests);
await play('canary', PLAYED.canary);

/** Runs what is left, one after the other. */
async function lane() {
  for (let name = tools.shift(); name; name = tools.shift()) await play(name, TOOLS[name]);
}

async function play(name, command) {
  const started = performance.now();
  const { code, output } = await run(command);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const [, counts = ''] = output.match(/^Tests: +(.*)$/m) ?? [];
  console.log(
    `${name.padEnd(17)} ${(code === 0 ? 'ok' : 'FAILED').padEnd(6)} ${seconds.padStart(7)} s  ${counts}`,
  );
  if (code === 0) return;
  console.log(output);
  process.exitCode = 1;
}

/** The tools are found as `npm run` finds them. */
function run(command) {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const options = { cwd: ROOT, env: { ...process.env, PATH: path, FORCE_COLOR: '0' }, maxBuffer: Infinity };
  return new Promise((resolve) => {
    const child = exec(command, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}
