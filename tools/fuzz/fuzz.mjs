/**
 * `npm run fuzz [-- --seconds N] [TARGET...]`: plays the targets in `test/fuzz` one after the other, each for N seconds (300),
 * with Jazzer.js. It is put into `.cache/jazzer/` the first time, without install scripts, and is no dependency of anything else. What
 * it finds is left in `.cache/fuzz/`, and the status is 1.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { alone } from '../lock.mjs';
import { run } from '../run.mjs';
import { ROOT } from '../set-up.mjs';

const JAZZER = '4.0.0';
/** Of this package (Apache-2.0) the versions below it are npm's choice. */
const WANTED = `@jazzer.js/core@${JAZZER}`;
const HOME = join(ROOT, '.cache', 'jazzer');
const PROGRAM = join(HOME, JAZZER, 'node_modules', '@jazzer.js', 'core', 'dist', 'cli.js');
const FOUND = join(ROOT, '.cache', 'fuzz');
const TARGETS = join(ROOT, 'dist', 'test', 'fuzz');
const INSTALL_MS = 180_000;
/** A header may have 8 KiB, and more is cut. */
const MAX_BYTES = 9_000;
/** One input may take so long. */
const MAX_MS = 10_000;

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '300' } },
  allowPositionals: true,
});
const seconds = String(values.seconds);
const known = readdirSync(TARGETS).flatMap((file) => /^(.+)\.js$/.exec(file)?.[1] ?? []);
const targets = positionals.length > 0 ? positionals : known;
const unknown = targets.find((target) => !known.includes(target));
if (unknown !== undefined || !/^[1-9][0-9]{0,5}$/.test(seconds)) {
  console.error(`berth: fuzz takes --seconds N (1 to 999999), and any of ${known.join(', ')}`);
  process.exit(2);
}
await alone(join(HOME, 'install.lock'), install);
mkdirSync(FOUND, { recursive: true });
for (const target of targets) await play(target);

async function install() {
  if (existsSync(PROGRAM)) return;
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const quietly = ['--ignore-scripts', '--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
  const args = [...first, 'install', '--prefix', join(HOME, JAZZER), ...quietly, WANTED];
  mkdirSync(join(HOME, JAZZER), { recursive: true });
  const { ok, said } = await run(command, args, { cwd: join(HOME, JAZZER), timeoutMs: INSTALL_MS });
  if (ok) return;
  console.error(`berth: ${WANTED} cannot be installed: ${said.trim().split('\n')[0]}`);
  process.exit(1);
}

async function play(target) {
  const corpus = join(FOUND, target);
  mkdirSync(corpus, { recursive: true });
  const ours = [PROGRAM, join(TARGETS, `${target}.js`), corpus, '--timeout', String(MAX_MS)];
  const ofTheFuzzer = [`-max_total_time=${seconds}`, `-max_len=${MAX_BYTES}`, '-print_final_stats=1'];
  const child = spawn(process.execPath, [...ours, '--', ...ofTheFuzzer], { cwd: FOUND, stdio: 'inherit' });
  const [code] = await once(child, 'close');
  console.log(`fuzz: ${target}: ${code === 0 ? `nothing in ${seconds} s` : 'FAILED'}`);
  if (code !== 0) process.exitCode = 1;
}
