import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '#config';
import type { Won } from '#engine';
import type { Store } from '#kept';
import { begin } from '../begin.js';
import { type Composition, compose } from '../compose.js';
import { withoutStoredFiles } from '../fleet/stored-files.js';
import type { EndReason } from '../lifecycle.js';
import type { Demo } from '../parts.js';
import type { CompleteParts } from './lasting.js';

/** What was begun has so long to end by itself. */
export const GRACE_MS = 3_000;

/** So long the start waits for DNS. */
const FIRST_ANSWERS_MS = 2_000;

/** A time of leading, from the store of its term until its end. Without peers there is one, as long as the process. */
export class Reign {
  private constructor(
    readonly made: Composition,
    /** What is shown where nothing may bring servers. */
    public demo: Demo | null,
    private readonly store: Store,
    /** The configuration as it holds now. */
    public config: Config,
  ) {}

  /**
   * Composes what decides, and tells it all that is declared and remembered. Closes the store where it rejects. `won` null:
   * the store is this process' own, and no other process led. The demo ends with the reign.
   */
  static async begin(
    config: Config,
    parts: CompleteParts,
    store: Store,
    won: (Pick<Won, 'isCleanRelease' | 'lastRenewalSeenAt'> & { readonly name: string }) | null,
    demo: Demo | null = null,
  ): Promise<Reign> {
    let made: Composition | undefined;
    try {
      const told = withoutStoredFiles(await store.declarations.read(), parts.log);
      const facts = await store.learned.read();
      made = compose(config, parts, store, { told, facts, demo, name: nameOf(won) });
      await firstAnswers(made);
      await begin(config, made, won && { ...won, known: store.peers });
      made.discovery.start(parts.discoverEveryMs);
      return new Reign(made, demo, store, config);
    } catch (error) {
      made?.discovery.stop();
      made?.engine.stop();
      await made?.teller.close();
      await made?.recorder?.close();
      await demo?.close();
      await store.close();
      parts.lasting.metrics.end();
      throw error;
    }
  }

  /**
   * Takes no new request, answers every one that waits, and resolves once the writes under way have ended, or `GRACE_MS` later.
   * Where the last turn throws, all else ends before its error goes on.
   */
  async stop(reason: EndReason): Promise<void> {
    const { discovery, engine, lifecycle, watch, watching, writes } = this.made;
    lifecycle.end(reason);
    discovery.stop();
    await within(watching.end(reason === 'shutting_down'));
    try {
      engine.stop(reason);
      watching.handOver();
    } finally {
      watch.close();
      await within(writes.idle());
    }
  }

  /** Ends what tells and keeps. The models stay loaded. */
  async close(): Promise<void> {
    const { metrics, pressure, recorder, teller } = this.made;
    pressure.follow(null);
    await within(teller.close());
    await within(recorder?.close());
    await this.store.close();
    await this.demo?.close();
    metrics.end();
  }
}

const nameOf = (won: { readonly name: string } | null): string | null => won?.name ?? null;

const within = (ending: Promise<void> | undefined): Promise<void> =>
  Promise.race([Promise.resolve(ending), sleep(GRACE_MS, undefined, { ref: false })]);

/** What DNS answers soon is known from the first turn on, as if it were declared. */
async function firstAnswers({ discovery }: Composition): Promise<void> {
  await Promise.race([discovery.ask(), sleep(FIRST_ANSWERS_MS, undefined, { ref: false })]);
}
