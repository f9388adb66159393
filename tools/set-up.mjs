/**
 * Brings a clone to where it can run: dependencies as locked, sources compiled to `dist/`. Plain Node: it runs before any
 * dependency is there. `node tools/set-up.mjs` does it and ends. With `--prune` it removes the development tools last.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCompiled, stampAfter } from './compiled.mjs';
import { alone } from './lock.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const OLDEST_NODE = [20, 19];
const LOCK = join(ROOT, '.cache', 'set-up.lock');
const MODULES = join(ROOT, 'node_modules');
/** What takes longer is announced. */
const UNNOTICED_MS = 2_000;

/** Set-up that cannot go on; the message is for the operator. */
class SetUpFailed extends Error {}

/** Installs and compiles. Ends the process with one line and status 1 where it fails. */
export function setUp() {
  return orEnd(async () => {
    await install();
    await build();
  });
}

/**
 * Installs and compiles, then removes the development tools: for what needs none after that, such as `npm start`. Tools that were
 * there before belong to a developer and stay, unless `prunes` is true.
 */
export function setUpToRun({ prunes = false } = {}) {
  return orEnd(async () => {
    if (!isInstalled() && isInstalled(isForProduction) && isCompiled(ROOT)) return;
    const keepsTools = !prunes && (isInstalled() || hasTools());
    await install();
    await build();
    if (!keepsTools) await prune();
  });
}

/** Installs only, for what reads the sources themselves. */
export function setUpTools() {
  return orEnd(install);
}

async function orEnd(work) {
  try {
    refuseOldNode();
    // Two set-ups at once would take each other's files away: the second waits for the first.
    await (isWritable() ? alone(LOCK, work) : work());
  } catch (error) {
    if (!(error instanceof SetUpFailed)) throw error;
    console.error(`berth: ${error.message}`);
    process.exit(1);
  }
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetUpFailed(`Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}`);
}

/** A clone of another user can only be used as it is. */
function isWritable() {
  try {
    accessSync(ROOT, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function install() {
  if (isInstalled()) return;
  if (isLent()) rmSync(MODULES);
  await npm('installing dependencies (once; half a minute)', 'ci', '--include=dev');
}

/** npm leaves a copy of what it installed in node_modules, and none while it is at work. */
function isInstalled(counts = () => true) {
  const found = installed();
  if (!found) return false;
  return Object.entries(locked()).every(
    ([path, one]) => path === '' || one.optional || !counts(one) || found[path]?.version === one.version,
  );
}

const isForProduction = ({ dev, devOptional }) => !dev && !devOptional;

function hasTools() {
  return Object.values(installed() ?? {}).some(({ dev }) => dev);
}

function locked() {
  return readJson(join(ROOT, 'package-lock.json'))?.packages ?? {};
}

function installed() {
  return readJson(join(MODULES, '.package-lock.json'))?.packages;
}

/** npm empties the folder behind a link, which is that of another checkout. */
function isLent() {
  return lstatSync(MODULES, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** A fifth of a second where nothing changed. */
async function build() {
  const tsc = join(MODULES, 'typescript', 'bin', 'tsc');
  const compile = () => run('compiling', process.execPath, tsc, '--build', 'tsconfig.build.json');
  await (isWritable() ? stampAfter(ROOT, compile) : compile());
}

/**
 * Removes development tools. npm keeps those that a dependency names as an optional peer: @nestjs/swagger has a plugin for
 * TypeScript, which the service never loads. An old npm would write package-lock.json in its own way: `--no-save`.
 */
async function prune() {
  if (isLent()) throw new SetUpFailed('node_modules is a link to the folder of another checkout: not pruned');
  await npm('removing development tools', 'prune', '--omit=dev', '--no-save');
  const packages = locked();
  for (const name of Object.keys(readJson(join(ROOT, 'package.json')).devDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (packages[path]?.devOptional) rmSync(join(ROOT, path), { recursive: true, force: true });
  }
  removeBroken(join(MODULES, '.bin'));
}

function removeBroken(links) {
  if (!existsSync(links)) return;
  for (const link of readdirSync(links).map((name) => join(links, name))) {
    if (!existsSync(link)) rmSync(link);
  }
}

function npm(what, ...args) {
  const path = process.env.npm_execpath;
  const [command, first] = path ? [process.execPath, [path]] : ['npm', []];
  return run(what, command, ...first, ...args, '--no-audit', '--no-fund', '--loglevel=error');
}

/** What a command says goes to stderr: stdout is that of what is set up. */
async function run(what, command, ...args) {
  const announcing = setTimeout(() => console.error(`berth: ${what}`), UNNOTICED_MS);
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  const [code] = await once(child, 'close');
  clearTimeout(announcing);
  if (code !== 0) throw new SetUpFailed(`${what} failed`);
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv[2] === '--prune' ? setUpToRun({ prunes: true }) : setUp());
}
