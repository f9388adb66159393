import type { Instant, WatcherId } from '#core';
import type { Engine } from '#engine';
import { TABLE_GOOD_FOR } from './times.js';
import type { WatchedTable } from './watched-table.js';

/** Gateways that watch this process, as the core knows them in one term: they are one watcher. */
export class OwnWatcher {
  /** Among peers it is that of this process. */
  name = 'gateways' as WatcherId;
  private wasWatched = false;
  private toldRevision = -1;

  constructor(
    private readonly engine: Pick<Engine, 'report'>,
    private readonly gateways: WatchedTable['gateways'],
    private readonly term: number,
  ) {}

  /** A gateway is about to be told the table: from then on unloads wait for it. */
  expect(now: Instant): void {
    if (!this.wasWatched) this.tellWatched(now);
    this.wasWatched = true;
  }

  /** Whether gateways have acknowledged more than the core knows. */
  hasNews(now: Instant): boolean {
    return this.settledRevision(now) > this.toldRevision;
  }

  /** Tells the core what all of them have acknowledged, or that none of them watches any more. */
  tell(now: Instant): void {
    const watcher = this.name;
    const isWatched = this.gateways.size > 0;
    if (isWatched) {
      this.tellWatched(now);
      const revision = this.settledRevision(now);
      if (revision >= 0) this.engine.report({ kind: 'WatcherAcknowledged', watcher, revision });
      this.toldRevision = revision;
    } else if (this.wasWatched) {
      this.engine.report({ kind: 'WatcherGone', watcher });
      this.toldRevision = -1;
    }
    this.wasWatched = isWatched;
  }

  /** The revision up to which they go by nothing; -1: none. Where none of them goes by anything any more they are gone at the next tick. */
  private settledRevision(now: Instant): number {
    const { term, sequence } = this.gateways.settled(now);
    return term >= this.term && Number.isFinite(sequence) ? sequence : -1;
  }

  private tellWatched(heardAt: Instant): void {
    this.engine.report({ kind: 'WatcherSeen', watcher: this.name, patience: TABLE_GOOD_FOR, heardAt });
  }
}
