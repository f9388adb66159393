/** Compiles what specs and the simulation need into a folder of its own, as it is or with one mutant in it. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';
import { SWC } from '../swc.mjs';
import { ROOT } from '../set-up.mjs';

const STAGES = join(ROOT, '.cache', 'mutants');
const SOURCES = ['libs', 'test/simulation', 'test/checkers', 'test/support', 'apps/scheduler/src'];
/** Beside the sources: what `#core` and its like, and Jest's globals, are in a process without Jest. */
const OTHERS = {
  'package.json':
    '{ "type": "module", "imports": { "#package.json": "./package.json", "#*": "./libs/*/src/index.js" } }',
  'node_modules/@jest/globals/package.json': '{ "type": "module", "exports": "./index.js" }',
  'node_modules/@jest/globals/index.js': read('tools/mutants/jest-globals.mjs'),
  'tools/patience.mjs': read('tools/patience.mjs'),
};
const stages = new Set();
process.on('exit', () => stages.forEach(removeStage));

/** Compiles the sources as they are. Stages go away with the process. */
export function stageBase() {
  const band = freshStage('base');
  for (const [path, text] of Object.entries(OTHERS)) write(band, path, text);
  for (const path of SOURCES.flatMap(sourcesUnder)) compile(band, path, read(path));
  return band;
}

/** A copy of the base with the mutant in it. */
export function stageMutant(base, mutant) {
  const band = freshStage(mutant.name);
  cpSync(base, band, { recursive: true });
  compile(
    band,
    mutant.file,
    read(mutant.file).replace(mutant.find, () => mutant.replace),
  );
  return band;
}

export function removeStage(band) {
  rmSync(band, { recursive: true, force: true });
  stages.delete(band);
}

/** The list of mutants, which Node cannot read as it is written. */
export async function importMutants(base) {
  const parts = readdirSync(join(ROOT, 'tools')).filter((path) => /^mutants[\w-]*\.ts$/.test(path));
  for (const path of parts) compile(base, join('tools', path), read(join('tools', path)));
  const { MUTANTS } = await import(pathToFileURL(join(base, 'tools/mutants.js')).href);
  return MUTANTS;
}

/** Whether the code that a mutant changes is there, and only once. */
export const applies = ({ file, find }) => read(file).split(find).length === 2;

function freshStage(name) {
  const band = join(STAGES, `${name}-${process.pid}`);
  stages.add(band);
  mkdirSync(band, { recursive: true });
  return band;
}

function sourcesUnder(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path));
}

function compile(band, path, source) {
  const { code } = transformSync(source, { ...SWC, filename: path, sourceMaps: false });
  write(band, path.replace(/\.ts$/, '.js'), code);
}

function write(band, path, text) {
  mkdirSync(dirname(join(band, path)), { recursive: true });
  writeFileSync(join(band, path), text);
}

function read(path) {
  return readFileSync(join(ROOT, path), 'utf8');
}
