/** How Node reads the TypeScript sources: as tsc does, so `#core` and its like lead to `libs/<name>/src`. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const ROOT = new URL('../../', import.meta.url);
const GLOBALS = new URL('globals.mjs', import.meta.url).href;

/** One way to read TypeScript, for Jest and for `npm run mutants`. */
export const SWC = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, verbatimModuleSyntax: true },
    experimental: { keepImportAttributes: true },
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
  swcrc: false,
};

export function resolve(specifier, context, next) {
  if (!context.parentURL?.endsWith('.ts')) return next(specifier, context);
  const url = sourceOf(specifier, context.parentURL);
  return url ? { url, format: 'module', shortCircuit: true } : next(specifier, context);
}

function sourceOf(specifier, parent) {
  if (specifier === '@jest/globals') return GLOBALS;
  if (/^#[a-z-]+$/.test(specifier)) return new URL(`libs/${specifier.slice(1)}/src/index.ts`, ROOT).href;
  if (!specifier.startsWith('.') || !specifier.endsWith('.js')) return undefined;
  const source = new URL(specifier.replace(/js$/, 'ts'), parent);
  return existsSync(source) ? source.href : undefined;
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = await transform(await readFile(filename, 'utf8'), { ...SWC, filename });
  return { format: 'module', source: code, shortCircuit: true };
}
