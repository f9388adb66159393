/**
 * `npm run pack`: puts `berthctl` into `dist/berthctl-VERSION.tgz`, for machines with Node and no clone. The same sources give the
 * same bytes: npm sorts what it packs and sets all times to one.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ROOT, setUp } from './set-up.mjs';

/** What the package takes over from ours. */
const { version, license, engines } = readJson(join(ROOT, 'package.json'));
const ABOUT = {
  name: 'berthctl',
  version,
  description: 'The command line of Berth, which places many models on few GPUs',
  license,
  private: true,
  type: 'module',
  bin: { berthctl: 'berthctl.mjs' },
  engines,
};

/** CommonJS that is bundled asks for modules of Node by `require`, which a module of ES has not. */
const FIRST_LINES = `#!/usr/bin/env node
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

await setUp();
const { build } = await import('esbuild');
const folder = mkdtempSync(join(ROOT, 'dist', 'pack-'));
try {
  const bundled = await bundle(join(folder, 'berthctl.mjs'));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(ABOUT, null, 2)}\n`);
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), bundled.map(licenceOf).join('\n'));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  copyFileSync(join(ROOT, 'tools', 'pack', 'README.md'), join(folder, 'README.md'));
  const args = ['pack', folder, '--silent', '--ignore-scripts', '--pack-destination', folder];
  execFileSync('npm', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  const packed = `berthctl-${version}.tgz`;
  renameSync(join(folder, packed), join(ROOT, 'dist', packed));
  console.log(`dist/${packed}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Bundles `dist/` into one file, and says the folders of the packages in it. `sideEffects` of our package.json lets modules go of
 * which nothing is used, such as the one that reads .proto files.
 */
async function bundle(outfile) {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['dist/apps/berthctl/src/main.js'],
    alias: { '#store-sqlite': './tools/pack/store-sqlite.mjs' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    banner: { js: FIRST_LINES },
    minify: true,
    metafile: true,
    logLevel: 'warning',
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const used = Object.keys(inputs).filter((path) => inputs[path].bytesInOutput > 0);
  const folders = used.map((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  return [...new Set(folders.filter(Boolean))].toSorted((a, b) => (a < b ? -1 : 1));
}

function licenceOf(path) {
  const folder = join(ROOT, path);
  const { name, version, license } = readJson(join(folder, 'package.json'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (file === undefined) throw new Error(`${path} has no file with its licence`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8')}`;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
