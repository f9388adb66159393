import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#config';
import type { Declared } from '#engine';
import type { Store } from '#store';
import type { Demo } from '../cluster/leadership/term-config.js';
import type { Dependencies } from './dependencies.js';

/** The name of the simulated server. */
export const DEMO = 'demo';

/** The store of the demo, within the folder of the state: nothing that is said to it reaches a real server. */
export const demoFolder = (data: string): string => join(data, 'demo');

/** Whether servers may come by this configuration, now or later: then no demo is shown. */
export const mayBringServers = ({ servers, discovery, webhooks: { fleet }, redis }: Config): boolean =>
  servers.length + discovery.length + fleet.secrets.length + fleet.allow.length > 0 || redis !== null;

/** Whether a server was ever declared over the API. Of the simulated one a drain may be stored. */
const everDeclared = ({ servers }: Declared): boolean =>
  [...servers].some(([id, { spec }]) => id !== DEMO || spec !== null);

/**
 * The store of a process without peers, and the demo that is shown where nothing may bring servers. The store in the folder of
 * the state is looked at first, and stays open: no other process takes the folder meanwhile. In a demo's store a server may have
 * been declared: then that store stays, without the demo.
 */
export async function openOwnStore(
  config: Config,
  { openStore, startDemo }: Pick<Dependencies, 'openStore' | 'startDemo'>,
): Promise<{ readonly store: Store; readonly demo: Demo | null }> {
  const outer = await openStore(config.data);
  let inner: Store | undefined;
  try {
    const folder = demoFolder(config.data);
    const mayBring = mayBringServers(config);
    const isOuter = startDemo === null || everDeclared(await outer.declarations.read());
    if (isOuter || (mayBring && !existsSync(folder))) return { store: outer, demo: null };
    inner = await openStore(folder);
    const hasDeclared = everDeclared(await inner.declarations.read());
    if (mayBring && !hasDeclared) {
      await inner.close();
      return { store: outer, demo: null };
    }
    const close = async (): Promise<void> => void (await Promise.all([inner!.close(), outer.close()]));
    return { store: { ...inner, close }, demo: hasDeclared ? null : await startDemo() };
  } catch (error) {
    await inner?.close();
    await outer.close();
    throw error;
  }
}
