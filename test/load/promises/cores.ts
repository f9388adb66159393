import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Site from '../storm/virtual-site.js';

/** The core that is played: ours, or that of another checkout, whose `dist/` the URL is. */
export type Core = 'ours' | URL;

const DIST = new URL('../../../', import.meta.url);

/** The player before a core. Several may be played in one process. */
export async function siteBefore(core: Core): Promise<typeof Site.VirtualSite> {
  const path = '../storm/virtual-site.js';
  if (core === 'ours') return ((await import(path)) as typeof Site).VirtualSite;
  registerOnce();
  const name = encodeURIComponent(core.href);
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
  register(new URL('./hooks.js', import.meta.url), { data: DIST.href });
}
