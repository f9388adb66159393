/**
 * Hooks of Node's module loader: a module asked for with `?core=URL` gets all of ours so, but for the core, which comes from the
 * `dist/` at that URL.
 */
import type { InitializeHook, ResolveHook } from 'node:module';

/** What is ours begins with this URL. */
let ours: string;
const ALL_OF_CORE = 'libs/core/';

export const initialize: InitializeHook<string> = (dist) => void (ours = dist);

export const resolve: ResolveHook = async (specifier, context, next) => {
  const found = await next(specifier, context);
  const core = new URL(context.parentURL ?? ours).searchParams.get('core');
  if (core === null || !found.url.startsWith(ours)) return found;
  const url = new URL(found.url);
  if (url.href.startsWith(`${ours}${ALL_OF_CORE}`))
    return { ...found, url: `${core}${url.href.slice(ours.length)}` };
  url.searchParams.set('core', core);
  return { ...found, url: url.href };
};
