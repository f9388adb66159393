import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '#config';
import type { Won } from '#engine';
import type { Store } from '#kept';
import { withoutStoredFiles } from '../fleet/stored-files.js';
import type { EndReason } from '../lifecycle.js';
import { nestLog } from '../nest-log.js';
import type { Demo } from '../parts.js';
import { openRecorder } from '../recorder.js';
import type { CompleteParts } from '../reigns/lasting.js';
import type { Term } from './per-term.js';
import { TermConfig } from './term-config.js';
import type { TermInputs } from './term-inputs.js';
import { TermLife, within } from './term-life.js';
import { TermModule } from './term.module.js';

/** A time of leading, from the store of its term until its end. Without peers there is one, as long as the process. */
export class LeaderTerm implements Term {
  private constructor(
    private readonly context: INestApplicationContext,
    private readonly inputs: TermInputs,
  ) {}

  /**
   * Makes what decides, and tells it all that is declared and remembered. Closes the store and the demo where it rejects. `won`
   * null: the store is this process' own, and no other process led.
   */
  static async begin(
    config: Config,
    parts: CompleteParts,
    store: Store,
    won: (Pick<Won, 'isCleanRelease' | 'lastRenewalSeenAt'> & { readonly name: string }) | null,
    demo: Demo | null = null,
  ): Promise<LeaderTerm> {
    const { log } = parts;
    const { counts } = parts.lasting.metrics;
    const { term } = store.leadership;
    let inputs: TermInputs | undefined;
    try {
      const told = withoutStoredFiles(await store.declarations.read(), log);
      const facts = await store.learned.read();
      parts.lasting.metrics.begin({ term, isStoreOk: () => store.health.failure === null });
      const recorder = openRecorder(config, parts, counts, term);
      const among = won && { ...won, known: store.peers };
      inputs = { config, parts, store, told, facts, demo, won: among, recorder };
      const context = await NestFactory.createApplicationContext(TermModule.of(inputs), {
        abortOnError: false,
        logger: nestLog(log),
      });
      return new LeaderTerm(context, inputs);
    } catch (error) {
      await letGo({ parts, store, recorder: inputs?.recorder ?? null }, demo);
      throw error;
    }
  }

  get<Part>(type: Type<Part>): Part {
    return this.context.get(type, { strict: false });
  }

  get mayAct(): boolean {
    return this.inputs.store.leadership.mayAct();
  }

  /** As `TermLife.stop`; intervals end at once. */
  async stop(reason: EndReason): Promise<void> {
    const stopped = this.get(TermLife).stop(reason);
    await Promise.all([this.context.close(), stopped]);
  }

  /** Ends what tells and keeps. The models stay loaded. */
  async close(): Promise<void> {
    await this.get(TermLife).close();
    await letGo(this.inputs, this.get(TermConfig).demo);
  }
}

/** Ends what a term was given. */
async function letGo(
  { parts, recorder, store }: Pick<TermInputs, 'parts' | 'recorder' | 'store'>,
  demo: Demo | null,
): Promise<void> {
  await within(recorder?.close());
  await store.close();
  await demo?.close();
  parts.lasting.metrics.end();
}
