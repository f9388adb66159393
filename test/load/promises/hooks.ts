/**
 * Hooks of Node's module loader: a module asked for with `?core=NAME` gets all of ours so, with that core's rules in place.
 * A name that is a URL is the `dist/` of another checkout: its core stands in for ours.
 */
import type { InitializeHook, ResolveHook } from 'node:module';

/** What the hooks are told. All are URLs: what is ours begins with `ours`; a file of the core has others stand in for it. */
export interface StandIns {
  readonly ours: string;
  readonly cores: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

let told: StandIns;
const ALL_OF_CORE = 'libs/core/';

export const initialize: InitializeHook<StandIns> = (data) => void (told = data);

/** A file that stands in for another gets that one itself where it imports it. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  const found = await next(specifier, context);
  const parent = new URL(context.parentURL ?? told.ours);
  const url = new URL(found.url);
  const core = url.searchParams.get('core') ?? parent.searchParams.get('core');
  if (core === null || !found.url.startsWith(told.ours)) return found;
  url.search = '';
  parent.search = '';
  const ours = `${told.ours}${ALL_OF_CORE}`;
  if (core.startsWith('file:') && url.href.startsWith(ours))
    return { ...found, url: `${core}${url.href.slice(told.ours.length)}` };
  const standIn = told.cores[core]?.[url.href];
  const meant = new URL(standIn === undefined || standIn === parent.href ? url : standIn);
  meant.searchParams.set('core', core);
  return { ...found, url: meant.href };
};
