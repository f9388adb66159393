import { isDeepStrictEqual } from 'node:util';
import type { Config } from '#config';
import type { Composition } from './compose.js';
import { logMisled } from './fleet/file-headers.js';
import { baseModels, baseServers, limitsEvent } from './layered-config.js';
import { declaration } from './models/model-writes.js';
import type { Demo } from './parts.js';
import { Joining } from './webhooks/joining.js';

/** Takes up another file: servers, models, defaults, limits and endpoints. */
export function reload(after: Config, demo: Demo | null, made: Composition): void {
  reloadModels(after, demo, made);
  reloadServers(after, demo, made);
  made.alertRules.list = after.webhooks.alertmanager;
  made.teller.setEndpoints(after.webhooks.endpoints);
}

/** Models gone from the file are withdrawn; those that did not change are not told again. */
function reloadModels(after: Config, demo: Demo | null, { engine, catalog, times }: Composition): void {
  const old = new Map(catalog.declared().map((entry) => [entry.name, entry]));
  catalog.setBase(baseModels(after, demo));
  engine.tell(limitsEvent(after));
  const names = new Set([...old.keys(), ...catalog.declared().map(({ name }) => name)]);
  for (const name of names) {
    const entry = catalog.entry(name);
    if (!isDeepStrictEqual(old.get(name), entry)) engine.tell(declaration(entry, times));
  }
}

/** Servers gone from the file are drained, then forgotten. */
function reloadServers(
  after: Config,
  demo: Demo | null,
  { discovery, registry, links, leavers, log }: Composition,
): void {
  const old = registry.all();
  registry.setBase(baseServers(after, demo), new Joining(after.webhooks.fleet));
  for (const { id, config, hasLeft } of registry.all()) {
    if (hasLeft) continue;
    const before = old.find((entry) => entry.id === id);
    if (!isDeepStrictEqual(before?.config, config)) links.declare(config);
  }
  logMisled(registry.all(), log);
  discovery.take(after.discovery);
  leavers.follow();
}
