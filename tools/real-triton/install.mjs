/**
 * Puts a real tritonserver into `.triton/`: the one inside the PyPI wheel of PyTriton, with its Python backend.
 *
 *   node tools/real-triton/install.mjs     prints one line; exit code 0 when the server can be used
 *
 * A second run only checks what the first one left.
 */
import { chmod, cp, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { alone } from '../lock.mjs';
import { run } from '../run.mjs';

const PYTRITON = '0.7.0';
const TRITON = '2.51.0';
/** The stub is built against numpy 1; 1.26 has no build for Python 3.8. */
const numpyFor = (pythonVersion) => (pythonVersion === '3.8' ? '1.24.4' : '1.26.4');

const PYTHONS = ['python3.11', 'python3.12', 'python3.10', 'python3.9', 'python3.8', 'python3'];
const SERVED_PYTHONS = ['3.8', '3.9', '3.10', '3.11', '3.12'];

const HOME = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '.triton');
const STAMP = join(HOME, 'stamp.json');
const MISSING = join(HOME, 'missing.txt');
const LOCK = join(HOME, 'install.lock');
/** The backend's interpreter ignores PYTHONPATH and finds its packages through the `python3` on its PATH. */
const VENV = join(HOME, 'venv');

const PROBE_MS = 60_000;
const VENV_MS = 120_000;
const PIP_MS = 240_000;
const PIP_ATTEMPTS = 3;

/** Something the installation needs and this machine does not have; the message names it. */
class Missing extends Error {}

/** Installs unless that was done before. Never throws for what this machine lacks: it says what is missing. */
export async function installRealTriton() {
  const before = installedRealTriton();
  if (before.ok) return before;
  return alone(LOCK, async () => {
    const meanwhile = installedRealTriton();
    return meanwhile.ok ? meanwhile : orSay(install);
  });
}

async function orSay(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    await writeFile(MISSING, error.message);
    return { ok: false, missing: error.message };
  }
}

/** What is installed, read from the stamp and checked against the files; quick, and changes nothing. */
export function installedRealTriton() {
  const stamp = readJson(STAMP);
  if (stamp?.pytriton !== PYTRITON || stamp.numpy !== numpyFor(stamp.pythonVersion)) return notInstalled();
  const layout = layoutOf(stamp);
  const needed = [
    join(layout.pythonFolder, 'python3'),
    layout.server,
    layout.stub,
    join(layout.packages, 'numpy'),
  ];
  return needed.every(exists) ? layout : notInstalled();
}

function notInstalled() {
  const missing = readText(MISSING) ?? 'it is not installed: node tools/real-triton/install.mjs';
  return { ok: false, missing };
}

/** Paths inside `.triton/` are derived, so that a checkout can be moved; Python's own are kept as found. */
function layoutOf({ pythonVersion, pythonLibraries }) {
  const server = join(HOME, 'server');
  const packages = join(VENV, 'lib', `python${pythonVersion}`, 'site-packages');
  return {
    ok: true,
    version: TRITON,
    pythonFolder: join(VENV, 'bin'),
    pythonVersion,
    packages,
    server: join(server, 'bin', 'tritonserver'),
    stub: join(server, 'backends', 'python', 'triton_python_backend_stub'),
    backends: join(server, 'backends'),
    caches: join(server, 'caches'),
    libraryPath: [join(packages, 'nvidia_pytriton.libs'), ...pythonLibraries].join(delimiter),
  };
}

async function install() {
  await rm(STAMP, { force: true });
  requireHost();
  const found = await findPython();
  const stamp = {
    pytriton: PYTRITON,
    numpy: numpyFor(found.version),
    python: found.executable,
    pythonVersion: found.version,
    pythonLibraries: [found.libraries],
  };
  const layout = layoutOf(stamp);
  await installPackages(stamp, layout);
  await arrangeServer(layout);
  await requireLibraries(layout);
  await writeFile(`${STAMP}.new`, `${JSON.stringify(stamp, null, 2)}\n`);
  await rename(`${STAMP}.new`, STAMP);
  await rm(MISSING, { force: true });
  return layout;
}

function requireHost() {
  if (process.platform === 'linux' && process.arch === 'x64') return;
  throw new Missing(`a Linux host on x86-64 (this one is ${process.platform} on ${process.arch})`);
}

/** The executable's own path is asked for, because the name may lead to a version manager's shim. */
async function findPython() {
  const seen = [];
  for (const name of PYTHONS) {
    const answer = await run(name, ['-c', PROBE], { timeoutMs: PROBE_MS });
    if (!answer.ok) continue;
    const python = JSON.parse(answer.stdout);
    const libraries = python.folders.find((folder) => exists(join(folder, python.library)));
    const served = SERVED_PYTHONS.includes(python.version);
    if (served && libraries) return { ...python, libraries };
    seen.push(`${name} is ${python.version}${served ? ' without a shared libpython' : ''}`);
  }
  const why = seen.length > 0 ? seen.join(', ') : 'there is no Python';
  throw new Missing(`a Python 3.8 to 3.12 with a shared libpython (${why})`);
}

const PROBE = `
import json, sys, sysconfig
var = lambda name: sysconfig.get_config_var(name) or ""
print(json.dumps({
  "executable": sys.executable,
  "version": "%d.%d" % sys.version_info[:2],
  "library": var("INSTSONAME") if "so" in var("INSTSONAME") else "no shared library",
  "folders": [var("LIBDIR"), var("LIBDIR") + "/" + var("MULTIARCH"), sys.base_prefix + "/lib"],
}))`;

async function installPackages({ python, numpy }, { packages }) {
  await rm(VENV, { recursive: true, force: true });
  const wanted = [`nvidia-pytriton==${PYTRITON}`, `numpy==${numpy}`];
  const options = [
    '--no-deps',
    '--only-binary=:all:',
    '--no-input',
    '--disable-pip-version-check',
    '--quiet',
  ];
  const pip = [...(await makeVenv(python, packages)), ...options, '--retries=1', '--timeout=30'];
  for (let attempt = 1; ; attempt++) {
    const answer = await run(pip[0], [...pip.slice(1), ...wanted], { timeoutMs: PIP_MS });
    if (answer.ok) return;
    if (attempt === PIP_ATTEMPTS)
      throw new Missing(`${wanted.join(' and ')} from PyPI (${lastLine(answer)})`);
    await sleep(attempt * 1_000);
  }
}

/** Answers with the command that installs into it. A distribution's Python may have its pip apart from `venv`. */
async function makeVenv(python, packages) {
  const whole = await run(python, ['-m', 'venv', VENV], { timeoutMs: VENV_MS });
  if (whole.ok) return [join(VENV, 'bin', 'python3'), '-m', 'pip', 'install'];
  const bare = await run(python, ['-m', 'venv', '--clear', '--without-pip', VENV], { timeoutMs: VENV_MS });
  const pip = await run(python, ['-m', 'pip', '--version'], { timeoutMs: PROBE_MS });
  if (bare.ok && pip.ok) return [python, '-m', 'pip', 'install', '--upgrade', '--target', packages];
  throw new Missing(`venv or pip for ${python} (${lastLine(whole)})`);
}

async function arrangeServer({ server, stub, packages, pythonVersion }) {
  const from = join(packages, 'pytriton', 'tritonserver');
  const to = join(HOME, 'server');
  await rm(to, { recursive: true, force: true });
  for (const part of ['bin', 'backends', 'caches']) {
    await cp(join(from, part), join(to, part), { recursive: true, dereference: true });
  }
  await cp(join(from, 'python_backend_stubs', pythonVersion, 'triton_python_backend_stub'), stub);
  await chmod(server, 0o755);
  await chmod(stub, 0o755);
}

async function requireLibraries({ server, stub, libraryPath }) {
  for (const file of [server, stub]) {
    const env = { ...process.env, LD_LIBRARY_PATH: libraryPath };
    const { said } = await run('ldd', [file], { timeoutMs: PROBE_MS, env });
    const lacking = said.split('\n').filter((line) => line.includes('not found'));
    if (lacking.length > 0)
      throw new Missing(`a shared library (${lacking.map((line) => line.trim()).join('; ')})`);
  }
}

function lastLine({ said }) {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1);
}

function exists(path) {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readText(path) {
  return exists(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await installRealTriton();
  const found = `ready: ${result.version} with Python ${result.pythonVersion}`;
  console.log(`real Triton ${result.ok ? found : `not available, missing: ${result.missing}`}`);
  process.exitCode = result.ok ? 0 : 1;
}
