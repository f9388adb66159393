import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Site from '../storm/virtual-site.js';
import type { StandIns } from './hooks.js';

/**
 * The cores that are compared: the real one, and that one with some of its files stood in for by files of `cores/`.
 * `most-waiters` admits all requests, promises nothing, and loads first what most requests wait for. `first-come` loads
 * in the order of arrival and promises as the real one. After a change of the core this table, `cores/stood-in.ts` and
 * `storm/promise.ts` are what has to follow.
 */
const STAND_INS = {
  'most-waiters': {
    'loading/precedence': 'most-waiters',
    'loading/worth-more': 'no-worth',
    'answers/admission': 'all-admitted',
    'answers/lost': 'none-lost',
  },
  'first-come': { 'loading/precedence': 'first-come' },
};

export type Core = 'real' | keyof typeof STAND_INS;

const DIST = new URL('../../../', import.meta.url);
const CORE = new URL('libs/core/src/', DIST);

/** The player before one of the cores. All may be played in one process. */
export async function siteBefore(core: Core): Promise<typeof Site.VirtualSite> {
  const path = '../storm/virtual-site.js';
  if (core === 'real') return ((await import(path)) as typeof Site).VirtualSite;
  registerOnce();
  return ((await import(`${path}?core=${core}`)) as typeof Site).VirtualSite;
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
