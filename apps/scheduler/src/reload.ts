import { isDeepStrictEqual } from 'node:util';
import type { AlertRule, Config } from '#config';
import { logMisled } from './fleet/file-headers.js';
import { baseModels, baseServers, limitsEvent } from './layered-config.js';
import { declaration } from './models/model-writes.js';
import type { Demo } from './parts.js';
import type { Discovery } from './discovery/discovery.js';
import { Joining } from './webhooks/joining.js';
import type { ModelPorts } from './models/together.js';
import type { Leavers } from './fleet/leavers.js';
import type { Links } from './fleet/links.js';
import type { Registry } from './fleet/registry.js';
import type { Teller } from './telling/teller.js';
import type { Logger } from 'pino';

/** What hears of another file. */
export interface ReloadPorts extends ModelPorts {
  readonly alertRules: { list: readonly AlertRule[] };
  readonly discovery: Discovery;
  readonly leavers: Leavers;
  readonly links: Links;
  readonly log: Logger;
  readonly registry: Registry;
  readonly teller: Teller;
}

/** Takes up another file: servers, models, defaults, limits and endpoints. */
export function reload(after: Config, demo: Demo | null, made: ReloadPorts): void {
  reloadModels(after, demo, made);
  reloadServers(after, demo, made);
  made.alertRules.list = after.webhooks.alertmanager;
  made.teller.setEndpoints(after.webhooks.endpoints);
}

/** Models gone from the file are withdrawn; those that did not change are not told again. */
function reloadModels(after: Config, demo: Demo | null, { engine, catalog, times }: ReloadPorts): void {
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
  { discovery, registry, links, leavers, log }: ReloadPorts,
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
