import type { Declarations, Leadership, Learned } from '#engine';
import { LearnedStore } from './learned-store.js';
import type { Rows } from './rows.js';
import { beginTerm } from './title.js';
import { ToldStore } from './told-store.js';

/** A store that is open, for this process alone. */
export type Store = {
  readonly declarations: Declarations;
  readonly learned: Learned;
  /** The process that has the store decides: always this one, until the store is closed. */
  readonly leadership: Leadership;
  /** Waits for writes under way, then lets other processes have the store. Calling it again does nothing. */
  close(): Promise<void>;
};

/** What a store is opened with. `onDamage` hears of learned facts that make no sense and were left out. */
export type StoreOptions = {
  readonly fleet: string;
  readonly onDamage?: (key: string) => void;
};

/** Opens the store that is kept in these rows, and closes them with it. Refuses with `StoreUnusable`, and then has closed them. */
export async function openStore(rows: Rows, { fleet, onDamage = () => {} }: StoreOptions): Promise<Store> {
  const term = await beginTerm(rows, fleet).catch(async (error: unknown) => {
    await rows.close();
    throw error;
  });
  let isOpen = true;
  return {
    declarations: new ToldStore(rows),
    learned: new LearnedStore(rows, onDamage),
    leadership: { term, mayAct: () => isOpen },
    close: async () => {
      isOpen = false;
      await rows.close();
    },
  };
}
