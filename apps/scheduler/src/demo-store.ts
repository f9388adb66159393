import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#config';
import type { Told, ToldChange } from '#engine';
import type { Store } from '#kept';
import { declaration } from './models/model-writes.js';
import type { Demo, SchedulerParts } from './parts.js';
import type { Reign } from './reigns/reign.js';
import { reload } from './reload.js';

/** The name of the simulated server. */
export const DEMO = 'demo';

/** The store of the demo, within the folder of the state: nothing that is said to it reaches a real server. */
export const demoFolder = (data: string): string => join(data, 'demo');

/** Whether servers may come by this configuration, now or later: then no demo is shown. */
export const mayBringServers = ({ servers, discovery, webhooks: { fleet }, redis }: Config): boolean =>
  servers.length + discovery.length + fleet.secrets.length + fleet.allow.length > 0 || redis !== null;

/** Whether a server was ever declared over the API. Of the simulated one a drain may be stored. */
const everDeclared = ({ servers }: Told): boolean =>
  [...servers].some(([id, { spec }]) => id !== DEMO || spec !== null);

/**
 * The store of a process without peers, and the demo that is shown where nothing may bring servers. The store in the folder of
 * the state is looked at first, and stays open: no other process takes the folder meanwhile. In a demo's store a server may have
 * been declared: then that store stays, without the demo.
 */
export async function openOwnStore(
  config: Config,
  { openStore, startDemo }: Pick<SchedulerParts, 'openStore' | 'startDemo'>,
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

/** The demos of which the end is being stored. */
const ending = new Set<Demo>();

/**
 * Ends the demo of a reign in which a server was declared. What was said of its models goes with them: a pin would load one on
 * that server. To be called each second; where the store fails the next call tries again.
 */
export async function endDemo(reign: Reign): Promise<void> {
  const { demo, made } = reign;
  if (demo === null || ending.has(demo) || made.registry.all().every(({ told }) => !told?.spec)) return;
  ending.add(demo);
  try {
    await made.writes.follow({ follow: (changes) => follow(reign, changes) }, () => forgotten(reign, demo));
  } catch {
    return;
  } finally {
    ending.delete(demo);
  }
  reign.demo = null;
  for (const { id } of demo.servers) made.links.forget(id);
  reload(reign.config, null, made);
  // One that was declared under the name of the simulated one is reached as it is declared.
  for (const { id } of demo.servers) {
    made.registry.release(id);
    const declared = made.registry.get(id);
    if (declared) made.links.follow(declared, made.times);
  }
  made.log.info('a server was declared: the simulated one has ended, and does not come back');
  await demo.close();
}

function forgotten({ made: { catalog } }: Reign, { models }: Demo): ToldChange[] {
  return Object.keys(models).flatMap((name): ToldChange[] => {
    const { told } = catalog.entry(name);
    if (told === undefined) return [];
    return [{ kind: 'model', name, value: { revision: told.revision + 1, spec: null } }];
  });
}

function follow({ made: { catalog, engine, times } }: Reign, changes: readonly ToldChange[]): void {
  for (const change of changes) {
    if (change.kind !== 'model') continue;
    catalog.set(change.name, change.value!);
    engine.tell(declaration(catalog.entry(change.name), times));
  }
}
