/** Compiles what a simulation needs into a folder of its own, as it is or with one mutant in it. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';
import jestConfig from '../../jest.config.mjs';
import { ROOT } from '../set-up.mjs';

const STAGES = join(ROOT, '.cache', 'mutants');
const SOURCES = ['libs', 'test/simulation', 'test/checkers', 'apps/scheduler/src/errors'];
/** As the root's package.json has it, for what is compiled here. */
const PACKAGE = { type: 'module', imports: { '#*': './libs/*/src/index.js' } };
/** One way to read TypeScript, whether Jest does it or we. */
const [, SWC] = Object.values(jestConfig.transform)[0];

/** Compiles the sources as they are. */
export function stageBase() {
  const stage = freshStage(`base-${process.pid}`);
  writeFileSync(join(stage, 'package.json'), JSON.stringify(PACKAGE));
  for (const path of SOURCES.flatMap(sourcesUnder)) compile(stage, path, read(path));
  return stage;
}

/** A copy of the base with the mutant in it. */
export function stageMutant(base, mutant) {
  const stage = freshStage(`${mutant.name}-${process.pid}`);
  cpSync(base, stage, { recursive: true });
  compile(stage, mutant.file, mutate(read(mutant.file), mutant));
  return stage;
}

export function removeStage(stage) {
  rmSync(stage, { recursive: true, force: true });
}

/** Imports a TypeScript file of the tools, which Node cannot read by itself, and those that it needs. */
export async function importTool(base, path, ...needed) {
  for (const one of [path, ...needed]) compile(base, one, read(one));
  return import(pathToFileURL(join(base, asJavaScript(path))).href);
}

/** Whether the code that a mutant changes is there, and only once. */
export const applies = ({ file, find }) => read(file).split(find).length === 2;

export const mutate = (source, { find, replace }) => source.split(find).join(replace);

function freshStage(name) {
  const stage = join(STAGES, name);
  removeStage(stage);
  mkdirSync(stage, { recursive: true });
  return stage;
}

function sourcesUnder(folder) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'));
}

function compile(stage, path, source) {
  const target = join(stage, asJavaScript(path));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(
    target,
    transformSync(source, { ...SWC, filename: path, swcrc: false, sourceMaps: false }).code,
  );
}

const asJavaScript = (path) => path.replace(/\.ts$/, '.js');

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
