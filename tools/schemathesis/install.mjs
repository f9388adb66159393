/**
 * Puts Schemathesis into `.cache/schemathesis/`: it calls what an OpenAPI document publishes, and judges the answers by it. The
 * versions, its own and those that it needs, are in `requirements.txt`.
 *
 *   node tools/schemathesis/install.mjs     prints one line; exit code 0 when it can be used
 *
 * A second run only checks what the first one left.
 */
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alone } from '../lock.mjs';
import { run } from '../run.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const HOME = join(HERE, '..', '..', '.cache', 'schemathesis');
const WANTED = join(HERE, 'requirements.txt');
/** A copy of what was wanted when it was installed. */
const STAMP = join(HOME, 'installed.txt');
const MISSING = join(HOME, 'missing.txt');
const LOCK = join(HOME, 'install.lock');
const VENV = join(HOME, 'venv');
const PYTHON = join(VENV, 'bin', 'python3');

const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3.14', 'python3'];
const VENV_MS = 120_000;
const PIP_MS = 240_000;
const PIP_OPTIONS = [
  '--no-deps',
  '--only-binary=:all:',
  '--no-input',
  '--disable-pip-version-check',
  '--quiet',
  '--timeout=30',
];

/** Installs it unless that was done before. Never throws for what this machine lacks: it says what is missing. */
export async function installSchemathesis() {
  const before = installedSchemathesis();
  if (before.ok) return before;
  return alone(LOCK, async () => {
    if (installedSchemathesis().ok) return installedSchemathesis();
    const missing = await install();
    if (missing !== '') await writeFile(MISSING, missing);
    return installedSchemathesis();
  });
}

/** What is installed; quick, and changes nothing. */
export function installedSchemathesis() {
  if (readText(STAMP) === readText(WANTED) && isThere(PYTHON)) return { ok: true, python: PYTHON };
  return {
    ok: false,
    missing: readText(MISSING) || 'it is not installed: node tools/schemathesis/install.mjs',
  };
}

/** Answers with what is missing, if anything is. */
async function install() {
  await rm(STAMP, { force: true });
  let said = 'there is no Python';
  for (const name of PYTHONS) {
    await rm(VENV, { recursive: true, force: true });
    const made = await run(name, ['-m', 'venv', VENV], { timeoutMs: VENV_MS });
    if (!made.ok) continue;
    const pip = ['-m', 'pip', 'install', ...PIP_OPTIONS, '--requirement', WANTED];
    const installed = await run(PYTHON, pip, { timeoutMs: PIP_MS });
    if (installed.ok) return keep();
    said = `${name}: ${lastLine(installed.said)}`;
  }
  return `Schemathesis from PyPI, in a venv of Python 3.11 or newer (${said})`;
}

/** The stamp comes last: where there is one, all is there. */
async function keep() {
  await copyFile(WANTED, `${STAMP}.new`);
  await rename(`${STAMP}.new`, STAMP);
  await rm(MISSING, { force: true });
  return '';
}

function lastLine(said) {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1);
}

function isThere(path) {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readText(path) {
  return isThere(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await installSchemathesis();
  console.log(`Schemathesis is ${result.ok ? 'ready' : `not available, missing: ${result.missing}`}`);
  process.exitCode = result.ok ? 0 : 1;
}
