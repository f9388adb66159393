import { mkdir, realpath } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import type { Declarations, Leadership, Learned } from '#engine';
import { LearnedStore } from './learned-store.js';
import { openFolders } from './open-folders.js';
import { StoreUnusable } from './store-unusable.js';
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
  readonly folder: string;
  readonly fleet: string;
  readonly onDamage?: (key: string) => void;
};

/** Opens the store in a folder, making it where there is none. Refuses with `StoreUnusable`. */
export async function openStore({ folder, fleet, onDamage = () => {} }: StoreOptions): Promise<Store> {
  const path = await realFolder(folder);
  const taken = openFolders();
  if (taken.has(path))
    throw new StoreUnusable('in_use', `the store in ${folder} is already open in this process`);
  taken.add(path);
  try {
    const db = await openDatabase(path, folder);
    const term = await beginTerm(db, fleet).catch((error: unknown) => closeAndThrow(db, error));
    return storeOf(db, term, path, onDamage);
  } catch (error) {
    taken.delete(path);
    throw error;
  }
}

function storeOf(db: ClassicLevel, term: number, path: string, onDamage: (key: string) => void): Store {
  return {
    declarations: new ToldStore(db),
    learned: new LearnedStore(db, onDamage),
    leadership: { term, mayAct: () => db.status === 'open' },
    close: async () => {
      if (db.status === 'closed') return;
      await db.close();
      openFolders().delete(path);
    },
  };
}

async function realFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await realpath(folder);
  } catch (cause) {
    throw new StoreUnusable('unreachable', `the folder ${folder} cannot be used: ${textOf(cause)}`, {
      cause,
    });
  }
}

async function openDatabase(path: string, folder: string): Promise<ClassicLevel> {
  const db = new ClassicLevel(path);
  try {
    await db.open();
    return db;
  } catch (error) {
    throw openFailure(folder, error);
  }
}

function openFailure(folder: string, error: unknown): StoreUnusable {
  const { cause = error } = error as { readonly cause?: unknown };
  const { code } = cause as { readonly code?: unknown };
  if (code === 'LEVEL_LOCKED') {
    return new StoreUnusable(
      'in_use',
      `the store in ${folder} is in use by another process (${textOf(cause)})`,
      { cause },
    );
  }
  const reason = code === 'LEVEL_CORRUPTION' ? 'damaged' : 'unreachable';
  return new StoreUnusable(reason, `the store in ${folder} cannot be opened: ${textOf(cause)}`, { cause });
}

async function closeAndThrow(db: ClassicLevel, error: unknown): Promise<never> {
  await db.close();
  throw error;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
