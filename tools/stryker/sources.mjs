/** Lets Node import the TypeScript of a sandbox as it is written; what specs take from Jest comes from `globals.mjs`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transform } from '@swc/core';

const GLOBALS = new URL('globals.mjs', import.meta.url).href;
const SWC = {
  jsc: { target: 'es2023', parser: { syntax: 'typescript' }, transform: { verbatimModuleSyntax: true } },
  module: { type: 'es6' },
};

let root;

export function initialize(sandbox) {
  root = sandbox;
}

export function resolve(name, context, next) {
  if (name === '@jest/globals') return { url: GLOBALS, shortCircuit: true };
  if (name.startsWith('#')) {
    return next(pathToFileURL(join(root, 'libs', name.slice(1), 'src/index.ts')).href, context);
  }
  const isOurs = name.startsWith('.') && context.parentURL?.endsWith('.ts');
  return next(isOurs ? name.replace(/\.js$/, '.ts') : name, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = await transform(await readFile(path, 'utf8'), { ...SWC, filename: path });
  return { format: 'module', source: code, shortCircuit: true };
}
