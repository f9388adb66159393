import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Site from '../storm/virtual-site.js';
import type { StandIns } from './hooks.js';

/**
 * The cores that are compared: the real one, and that one with some of its files stood in for by files of `cores/`.
 * `most-waiters` admits all requests, promises nothing, and loads first what most requests wait for. `first-come` loads
 * in the order of arrival and promises as the real one. `no-doubt` closes no device. After a change of the core this table,
 * `cores/stood-in.ts` and `storm/promise.ts` are what has to follow.
 */
const STAND_INS = {
  'most-waiters': {
    'loading/precedence': 'most-waiters',
    'loading/worth-more': 'no-worth',
    'answers/admission': 'all-admitted',
    'answers/lost': 'none-lost',
  },
  'first-come': { 'loading/precedence': 'first-come' },
  'no-doubt': { 'memory/ledger': 'never-closed', 'learned/closing': 'always-open' },
};

/** A URL is the `dist/` of another checkout, whose core is played in the place of ours. */
export type Core = 'real' | keyof typeof STAND_INS | URL;

const DIST = new URL('../../../', import.meta.url);
const CORE = new URL('libs/core/src/', DIST);

/** The player before one of the cores. All may be played in one process. */
export async function siteBefore(core: Core): Promise<typeof Site.VirtualSite> {
  const path = '../storm/virtual-site.js';
  if (core === 'real') return ((await import(path)) as typeof Site).VirtualSite;
  registerOnce();
  const name = encodeURIComponent(String(core));
  return ((await import(`${path}?core=${name}`)) as typeof Site).VirtualSite;
}

/** The core of another checkout of this project, which is built. */
export function coreOf(checkout: string): URL {
  const dist = pathToFileURL(join(resolve(checkout), 'dist/'));
  if (!existsSync(fileURLToPath(new URL('libs/core/src/index.js', dist))))
    throw new Error(`${checkout} has no dist/libs/core: build it first`);
  return dist;
}

let isRegistered = false;

function registerOnce(): void {
  if (isRegistered) return;
  isRegistered = true;
  const cores = Object.entries(STAND_INS).map(([core, files]) => [core, urlsOf(files)] as const);
  const data: StandIns = { ours: DIST.href, cores: Object.fromEntries(cores) };
  register(new URL('./hooks.js', import.meta.url), { data });
}

function urlsOf(files: Readonly<Record<string, string>>): Record<string, string> {
  const urls = Object.entries(files).map(([file, standIn]) => {
    const url = new URL(`${file}.js`, CORE);
    if (!existsSync(fileURLToPath(url))) throw new Error(`the core has no ${file}: see promises/cores.ts`);
    return [url.href, new URL(`./cores/${standIn}.js`, import.meta.url).href] as const;
  });
  return Object.fromEntries(urls);
}
