import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Logger } from 'pino';
import { Links } from '../admin/servers/links.js';
import { Registry } from '../admin/servers/registry.js';
import { ModelWrites } from '../admin/models/model-writes.js';
import { LOG } from '../transport/nest-log.js';
import { ConfigReload } from './term/config-reload.js';
import { TermConfig } from '../cluster/leadership/term-config.js';
import { WallTimes } from '../transport/wall-times.js';

/** Ends the demo once a server was declared. What was said of its models goes with them: a pin would load one on that server. */
@Injectable()
export class DemoEnd {
  private isStoring = false;

  constructor(
    @Inject(ConfigReload) private readonly reload: ConfigReload,
    @Inject(Links) private readonly links: Links,
    @Inject(LOG) private readonly log: Logger,
    @Inject(ModelWrites) private readonly models: ModelWrites,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(TermConfig) private readonly present: TermConfig,
    @Inject(WallTimes) private readonly times: WallTimes,
  ) {}

  /** Where the store fails the next call tries again. */
  @Interval(1_000)
  async look(): Promise<void> {
    const { links, log, present, registry, times } = this;
    const { demo } = present;
    if (demo === null || this.isStoring || registry.all().every(({ told }) => !told?.spec)) return;
    this.isStoring = true;
    try {
      await this.models.forget(Object.keys(demo.models));
    } catch {
      return;
    } finally {
      this.isStoring = false;
    }
    present.demo = null;
    for (const { id } of demo.servers) links.forget(id);
    this.reload.follow();
    // One that was declared under the name of the simulated one is reached as it is declared.
    for (const { id } of demo.servers) {
      registry.release(id);
      const declared = registry.get(id);
      if (declared) links.follow(declared, times);
    }
    log.info('a server was declared: the simulated one has ended, and does not come back');
    await demo.close();
  }
}
