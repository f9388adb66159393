import {
  type Declarations,
  type KnownPeers,
  type Leadership,
  type Learned,
  type Outbox,
  soleLeadership,
  type StoreHealth as TellsHealth,
  type Warmups,
} from '#engine';
import { RowWarmups } from './row-warmups.js';
import { LearnedStore } from './learned-store.js';
import { OutboxStore } from './outbox-store.js';
import { PeerStore } from './peer-store.js';
import type { Rows } from './rows.js';
import { beginTerm, termRow } from './title.js';
import { DeclarationStore } from './declaration-store.js';
import { type OnHealth, WatchedRows } from './watched-rows.js';

/** A store that is open, for this process alone. */
export type Store = {
  readonly declarations: Declarations;
  readonly learned: Learned;
  readonly outbox: Outbox;
  /** Opens the warm-ups that are kept in its rows. They are closed with it. */
  openWarmups(): Promise<Warmups>;
  /** The peers that may have a table of the routes. */
  readonly peers: KnownPeers;
  /** Which process decides. Where none was handed in it is this one, until the store is closed. */
  readonly leadership: Leadership;
  readonly health: StoreHealth;
  /** Waits for writes under way, then lets other processes have the store. Calling it again does nothing. */
  close(): Promise<void>;
};

/** Whether the store does what it is asked. */
export type StoreHealth = TellsHealth & {
  /** Writes what is there anyhow, so that it shows whether the store takes writes. Rejects where it does not. */
  tryAgain(): Promise<void>;
};

/**
 * What a store is opened with. `onDamage` hears of learned facts and warm-ups that make no sense and were left out.
 * `leadership` is handed in where several processes share the store: then the store belongs to its term, and to no other
 * process meanwhile.
 */
export type StoreOptions = {
  readonly fleet: string;
  readonly leadership?: Leadership;
  readonly onDamage?: (key: string) => void;
  readonly onHealth?: OnHealth;
};

/**
 * Opens the store that is kept in these rows, and closes them with it. Refuses with `StoreUnusable`, and then has closed
 * them. What the store is asked later rejects with `StoreUnavailable` where it fails.
 */
export async function openStore(
  kept: Rows,
  { fleet, leadership, onDamage = () => {}, onHealth = () => {} }: StoreOptions,
): Promise<Store> {
  const rows = new WatchedRows(kept, onHealth);
  const term = await beginTerm(kept, fleet, leadership?.term).catch(async (error: unknown) => {
    await kept.close();
    throw error;
  });
  let isOpen = true;
  let warmups: RowWarmups | undefined;
  return {
    declarations: new DeclarationStore(rows),
    learned: new LearnedStore(rows, onDamage),
    outbox: new OutboxStore(rows),
    openWarmups: async () => (warmups ??= await RowWarmups.open(rows, onDamage)),
    peers: new PeerStore(rows),
    leadership: leadership ?? soleLeadership(term, () => isOpen),
    health: {
      get failure() {
        return rows.failure;
      },
      follow: (tell) => rows.follow(tell),
      tryAgain: async () => void (await rows.write([termRow(term)])),
    },
    close: async () => {
      isOpen = false;
      await warmups?.close();
      await rows.close();
    },
  };
}
