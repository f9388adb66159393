import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Config } from '#config';
import { Engine } from '#engine';
import { Discovery } from '../../integrations/discovery/discovery.js';
import { logMisled } from '../../admin/servers/file-headers.js';
import { ServerRemoval } from '../../admin/servers/server-removal.js';
import { Links } from '../../admin/servers/links.js';
import { Registry } from '../../admin/servers/registry.js';
import { baseModels, baseServers, limitsEvent } from '../base-layers.js';
import { DeclaredModels } from '../../admin/models/declared-models.js';
import { LOG } from '../../transport/nest-log.js';
import { EventDispatcher } from '../../integrations/events/event-dispatcher.js';
import { TermConfig } from '../../cluster/leadership/term-config.js';
import { JoinAllowList } from '../../admin/servers/join-allow-list.js';

/** Has a term follow another configuration, or the end of the demo. */
@Injectable()
export class ConfigReload {
  constructor(
    @Inject(DeclaredModels) private readonly models: DeclaredModels,
    @Inject(Discovery) private readonly discovery: Discovery,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(ServerRemoval) private readonly removal: ServerRemoval,
    @Inject(Links) private readonly links: Links,
    @Inject(LOG) private readonly log: Logger,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(EventDispatcher) private readonly dispatcher: EventDispatcher,
    @Inject(TermConfig) private readonly present: TermConfig,
  ) {}

  /** Takes up another configuration: servers, models, defaults, limits and endpoints. */
  take(next: Config): void {
    this.present.config = next;
    this.follow();
  }

  /** Takes up what is present by now. */
  follow(): void {
    const { config, demo } = this.present;
    this.engine.tell(limitsEvent(config));
    this.models.takeBase(baseModels(config, demo));
    this.followServers();
    this.dispatcher.setEndpoints(config.webhooks.endpoints);
  }

  /** Servers gone from the file are drained, then forgotten. */
  private followServers(): void {
    const { config: after, demo } = this.present;
    const { discovery, removal, links, log, registry } = this;
    const old = registry.all();
    registry.setBase(baseServers(after, demo), new JoinAllowList(after.webhooks.fleet));
    for (const { id, config, hasLeft } of registry.all()) {
      if (hasLeft) continue;
      const before = old.find((entry) => entry.id === id);
      if (!isDeepStrictEqual(before?.config, config)) links.declare(config);
    }
    logMisled(registry.all(), log);
    discovery.take(after.discovery);
    removal.follow();
  }
}
