import type { Config } from '#config';
import type { LearnedFacts, Declared, Warmups, AcquiredTerm } from '#engine';
import type { TurnRecorder } from '#recording';
import type { Store } from '#store';
import type { Metrics } from '#telemetry';
import type { Demo } from '../../cluster/leadership/term-config.js';
import type { AmongPeers } from '../../cluster/replication/route-feed.js';
import type { WatchedTable } from '../../cluster/replication/watched-table.js';
import type { PressureMonitor } from '../../transport/limits/pressure-monitor.js';
import type { Dependencies } from '../dependencies.js';

/** Has Nest hand over what a term is made of. */
export const TERM_INPUTS = Symbol('TermInputs');

/** What the terms of a process share. */
export interface SharedByTerms {
  readonly outside: Dependencies;
  readonly metrics: Metrics;
  readonly pressure: PressureMonitor;
  readonly routes: WatchedTable;
  readonly warmups: Warmups;
}

/** What a term is made of. */
export interface TermInputs extends SharedByTerms {
  readonly config: Config;
  /** Of this term. */
  readonly store: Store;
  /** What the store held when it was opened. */
  readonly told: Declared;
  readonly facts: LearnedFacts;
  /** Null: none is shown. */
  readonly demo: Demo | null;
  /** How this process came to lead its peers; null: it has none. */
  readonly won: (Pick<AcquiredTerm, 'isCleanRelease'> & AmongPeers) | null;
  /** Null: turns are not recorded. */
  readonly recorder: TurnRecorder | null;
}
