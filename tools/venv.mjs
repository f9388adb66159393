/**
 * Puts packages of Python into a venv below `.cache/`, with all that they need: versions are pinned in a `requirements.txt`. A second
 * run only checks what the first one left.
 */
import { readFileSync, statSync } from 'node:fs';
import { copyFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alone } from './lock.mjs';
import { run } from './run.mjs';

const CACHE = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache');

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

/**
 * A venv: `name` for people, its `folder` below `.cache/`, `wanted` the path of its requirements, `script` what installs it. `installed` is
 * quick and changes nothing; `install` installs unless that was done before, and never throws for what this machine lacks.
 */
export function venv({ name, folder, wanted, script }) {
  const home = join(CACHE, folder);
  /** `stamp`: a copy of what was wanted when it was installed. */
  const paths = {
    ...{ home, wanted, stamp: join(home, 'installed.txt'), missing: join(home, 'missing.txt') },
    ...{ venv: join(home, 'venv'), python: join(home, 'venv', 'bin', 'python3') },
  };
  const installed = () => installedIn(paths, script);
  const install = async () => {
    if (installed().ok) return installed();
    return alone(join(home, 'install.lock'), async () => {
      if (installed().ok) return installed();
      const missing = await installIn(paths, name);
      if (missing !== '') await writeFile(paths.missing, missing);
      return installed();
    });
  };
  return { installed, install };
}

function installedIn({ stamp, wanted, python, missing }, script) {
  if (readText(stamp) === readText(wanted) && isThere(python)) return { ok: true, python };
  return { ok: false, missing: readText(missing) || `it is not installed: node ${script}` };
}

/** Answers with what is missing, if anything is. */
async function installIn(paths, name) {
  await rm(paths.stamp, { force: true });
  let said = 'there is no Python';
  for (const program of PYTHONS) {
    await rm(paths.venv, { recursive: true, force: true });
    const made = await run(program, ['-m', 'venv', paths.venv], { timeoutMs: VENV_MS });
    if (!made.ok) continue;
    const pip = ['-m', 'pip', 'install', ...PIP_OPTIONS, '--requirement', paths.wanted];
    const installed = await run(paths.python, pip, { timeoutMs: PIP_MS });
    if (installed.ok) return keep(paths);
    said = `${program}: ${lastLine(installed.said)}`;
  }
  return `${name} from PyPI, in a venv of Python 3.11 or newer (${said})`;
}

/** The stamp comes last: where there is one, all is there. */
async function keep({ wanted, stamp, missing }) {
  await copyFile(wanted, `${stamp}.new`);
  await rename(`${stamp}.new`, stamp);
  await rm(missing, { force: true });
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
