import type { Written } from '#engine';

/** One stored text. */
export interface Row {
  readonly key: string;
  readonly text: string;
}

/** One row to be replaced, or with null removed. */
export interface RowWrite {
  readonly key: string;
  readonly text: string | null;
}

/**
 * Texts by key, durable: what another place to keep them has to offer. One process at a time has them, from when they
 * are opened until `close`. `test/contract/rows.ts` says the same as tests.
 */
export interface Rows {
  /** Where they are kept, for messages: a folder, an address. */
  readonly place: string;
  /** All rows whose keys begin so, by the bytes of their keys. The empty prefix reads all there are. */
  read(prefix: string): AsyncIterable<Row>;
  /** The text under a key; undefined where there is none. */
  get(key: string): Promise<string | undefined>;
  /**
   * All of it or none, in the order of the calls. Once resolved it survives a crash of the process, and where it is durable
   * the loss of a machine, too. Rejects with `StoreUnavailable`, as reading does, where the place fails; whatever comes after
   * has another try.
   */
  write(batch: readonly RowWrite[]): Promise<Written>;
  /** Waits for what is under way, then lets other processes have them. Calling it again does nothing. */
  close(): Promise<void>;
}

/**
 * The rows of which there may be too many to be held in memory: what was answered, the audit, webhook ids and events. A place
 * that can lose writes keeps a copy of all others, and writes them again.
 */
export const ROWS_ON_REQUEST = [
  'told/answer/',
  'told/audit/',
  'told/audit-programs/',
  'told/hook/',
  'told/event/',
  'told/dead-letter/',
] as const;
