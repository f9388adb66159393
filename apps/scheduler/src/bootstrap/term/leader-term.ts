import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '#config';
import { Engine, type AcquiredTerm } from '#engine';
import type { Store } from '#store';
import { withoutStoredFiles } from '../../admin/servers/stored-files.js';
import type { LedTerm } from '../../cluster/leadership/leader-loop.js';
import { StoreWatch } from '../../cluster/leadership/store-watch.js';
import { type Demo, TermConfig } from '../../cluster/leadership/term-config.js';
import { RouteFeed } from '../../cluster/replication/route-feed.js';
import type { EndReason } from '../../transport/lifecycle.js';
import { nestLog } from '../../transport/nest-log.js';
import { ConfigReload } from './config-reload.js';
import { openRecorder } from './recorder.js';
import type { SharedByTerms, TermInputs } from './term-inputs.js';
import { TermLife, within } from './term-life.js';
import { TermModule } from './term.module.js';

/** A time of leading, from the store of its term until its end. Without peers there is one, as long as the process. */
export class LeaderTerm implements LedTerm {
  private constructor(
    private readonly context: INestApplicationContext,
    private readonly inputs: TermInputs,
  ) {}

  /**
   * Makes what decides, and tells it all that is declared and remembered. Closes the store and the demo where it rejects. `won`
   * null: the store is this process' own, and no other process led.
   */
  static async begin(
    shared: SharedByTerms,
    config: Config,
    store: Store,
    won: (Pick<AcquiredTerm, 'isCleanRelease' | 'lastRenewalSeenAt'> & { readonly name: string }) | null,
    demo: Demo | null = null,
  ): Promise<LeaderTerm> {
    const { metrics, outside } = shared;
    const { term } = store.leadership;
    let inputs: TermInputs | undefined;
    try {
      const told = withoutStoredFiles(await store.declarations.read(), outside.log);
      const facts = await store.learned.read();
      metrics.begin({ term, isStoreOk: () => store.health.failure === null });
      const recorder = openRecorder(config, outside, metrics.counts, term);
      const among = won && { ...won, known: store.peers };
      inputs = { ...shared, config, store, told, facts, demo, won: among, recorder };
      const context = await NestFactory.createApplicationContext(TermModule.of(inputs), {
        abortOnError: false,
        logger: nestLog(outside.log),
      });
      return new LeaderTerm(context, inputs);
    } catch (error) {
      await letGo({ metrics, store, recorder: inputs?.recorder ?? null }, demo);
      throw error;
    }
  }

  get<Part>(type: Type<Part>): Part {
    return this.context.get(type, { strict: false });
  }

  get mayAct(): boolean {
    return this.inputs.store.leadership.mayAct();
  }

  takeConfig(config: Config): void {
    if (config !== this.get(TermConfig).config) this.get(ConfigReload).take(config);
  }

  tend(): boolean {
    void this.get(StoreWatch).tryAgain();
    return this.get(Engine).takeKeptBack() && this.get(RouteFeed).isWatched;
  }

  /** As `TermLife.stop`; intervals end at once. */
  async stop(reason: EndReason): Promise<void> {
    const stopped = this.get(TermLife).stop(reason);
    await Promise.all([this.context.close(), stopped]);
  }

  async close(): Promise<void> {
    await this.get(TermLife).close();
    await letGo(this.inputs, this.get(TermConfig).demo);
  }
}

/** Ends what a term was given. */
async function letGo(
  { metrics, recorder, store }: Pick<TermInputs, 'metrics' | 'recorder' | 'store'>,
  demo: Demo | null,
): Promise<void> {
  await within(recorder?.close());
  await store.close();
  await demo?.close();
  metrics.end();
}
