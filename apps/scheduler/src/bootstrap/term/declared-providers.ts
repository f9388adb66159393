import type { Provider } from '@nestjs/common';
import { Engine } from '#engine';
import { Metrics } from '#telemetry';
import { FiringAlerts } from '../../integrations/alertmanager/firing-alerts.js';
import { Audit } from '../../admin/audit/audit.js';
import { Discovery } from '../../integrations/discovery/discovery.js';
import { DiscoveredServers } from '../../integrations/discovery/discovered-servers.js';
import { drainEvent } from '../../admin/servers/core-server.js';
import { ServerRemoval } from '../../admin/servers/server-removal.js';
import { Links } from '../../admin/servers/links.js';
import { Frozen } from '../../admin/servers/overview.js';
import { Registry } from '../../admin/servers/registry.js';
import { ServerList } from '../../admin/servers/server-list.js';
import { ConnectionErrors } from '../../admin/servers/connection-errors.js';
import { baseModels, baseServers } from '../base-layers.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { Catalog } from '../../admin/models/catalog.js';
import { ModelList } from '../../admin/models/model-list.js';
import { TimeSlicer } from '../../transport/lists/time-slicer.js';
import { WallTimes } from '../../transport/wall-times.js';
import { WebhookDeduplicator } from '../../integrations/fleet-webhook/webhook-deduplicator.js';
import { JoinAllowList } from '../../admin/servers/join-allow-list.js';
import { Leavings } from '../../integrations/fleet-webhook/leavings.js';
import { IdempotencyKeys } from '../../admin/idempotency/idempotency-keys.js';
import { Writes } from '../../admin/idempotency/writes.js';
import { provider } from './provider.js';
import type { TermInputs } from './term-inputs.js';

/** What is declared and written. */
export function declaredProviders({ config, demo, outside, store, told }: TermInputs): Provider[] {
  const { clock, wallNow } = outside;
  const { declarations } = store;
  const { fleet } = config.webhooks;
  return [
    TimeSlicer,
    provider(WallTimes, [], () => new WallTimes(wallNow, () => clock.now())),
    provider(Catalog, [], () => new Catalog(baseModels(config, demo), told.models)),
    provider(
      Registry,
      [],
      () => new Registry(baseServers(config, demo), told.servers, new JoinAllowList(fleet)),
    ),
    provider(FiringAlerts, [], () => new FiringAlerts(told.episodes)),
    provider(Frozen, [], () => new Frozen(told.freeze)),
    provider(IdempotencyKeys, [Metrics], ({ counts }) => {
      const onDropped = (count: number): void => counts.idempotencyKeysDropped.inc(count);
      return new IdempotencyKeys({ store: declarations, given: told.answers, wallNow, onDropped });
    }),
    provider(Audit, [Metrics], ({ counts }) => {
      return new Audit({ store: declarations, wallNow, onWritten: () => counts.auditRecords.inc() });
    }),
    provider(WebhookDeduplicator, [Metrics], ({ counts }) => {
      return new WebhookDeduplicator({
        given: told.hooks,
        wallNow,
        onDropped: (count) => counts.hookIdsDropped.inc(count),
      });
    }),
    provider(Writes, [IdempotencyKeys, Audit, Lifecycle], (idempotencyKeys, audit, lifecycle) => {
      return new Writes(declarations, { idempotencyKeys, audit }, lifecycle);
    }),
    provider(ModelList, [Engine, Catalog, WallTimes, TimeSlicer], (engine, catalog, times, slicer) => {
      return new ModelList(engine, catalog, times, slicer);
    }),
  ];
}

/** The servers that come of what is declared. */
export function serverProviders({ outside }: TermInputs): Provider[] {
  const { clock, log, dns: names, openServer } = outside;
  return [
    DiscoveredServers,
    provider(ConnectionErrors, [], () => new ConnectionErrors(log)),
    ServerList,
    provider(Links, [Engine, ConnectionErrors], (engine, errors) => new Links(engine, openServer, errors)),
    provider(
      Leavings,
      [Engine, WebhookDeduplicator, Registry, ConnectionErrors, WallTimes],
      (engine, deduplicator, registry, connectionErrors, times) => {
        const now = (): number => clock.now();
        return new Leavings({
          ...{ deduplicator, registry, connectionErrors, times, now },
          tell: (entry) => engine.tell(drainEvent(entry, times)),
        });
      },
    ),
    provider(
      ServerRemoval,
      [Engine, DiscoveredServers, Leavings, Links, Registry, WallTimes],
      (engine, discovered, leavings, links, registry, times) =>
        new ServerRemoval(engine, registry, links, times, (id) => {
          discovered.release(id);
          leavings.forget(id);
        }),
    ),
    provider(
      Discovery,
      [Engine, DiscoveredServers, ServerRemoval, Links, Metrics, Registry, WallTimes],
      (engine, discovered, removal, links, metrics, registry, times) => {
        const parts = { engine, registry, links, removal, times, discovered, log };
        return new Discovery({ ...parts, names, metrics: metrics.discovery });
      },
    ),
  ];
}
