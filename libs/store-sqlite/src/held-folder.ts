import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { StoreUnusable } from '#store';
import { lockFailure } from './damage.js';
import { FILES, presentIn, type Present, realFolder, refuseOldStore } from './folder.js';
import { notLoaded, SqlFailed, SqlThread } from './sql-thread.js';

/** A folder that no other process, and no other part of this one, can open until it is let go. */
export interface HeldFolder {
  readonly path: string;
  /** Has the rows open. */
  readonly thread: SqlThread;
  /** What was in it. */
  readonly present: Present;
  letGo(): Promise<void>;
}

/** Makes the folder where there is none. Refuses with `StoreUnusable`. */
export async function holdFolder(folder: string): Promise<HeldFolder> {
  const path = await realFolder(folder);
  await refuseOldStore(path);
  const present = await presentIn(path);
  const taken = openFolders();
  if (taken.has(path))
    throw new StoreUnusable('in_use', `the store in ${folder} is already open in this process`);
  taken.add(path);
  try {
    const unlock = await lock(join(path, FILES.lock));
    const thread = new SqlThread();
    const letGo = async (): Promise<void> => {
      await thread.end();
      unlock();
      taken.delete(path);
    };
    return { path, thread, present, letGo };
  } catch (error) {
    taken.delete(path);
    throw lockFailure(path, FILES.lock, error);
  }
}

/**
 * Takes a file for this process alone; returns what lets it go. A connection of the main thread has it, and does nothing else: the lock
 * outlives a death of the thread that has the rows, so that no other process comes in between.
 */
async function lock(path: string): Promise<() => void> {
  const { default: Database } = await import('libsql').catch(({ message }: Error) => {
    throw notLoaded(message);
  });
  let connection: InstanceType<typeof Database> | undefined;
  const unlock = (): void => void connection?.close();
  try {
    // SQLite lets all users read what it makes.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    connection = new Database(path);
    connection.exec('PRAGMA journal_mode = MEMORY');
    connection.exec('BEGIN EXCLUSIVE');
    return unlock;
  } catch (error) {
    unlock();
    const { message, code } = error as Error & { readonly code?: string };
    throw new SqlFailed(message, code);
  }
}

const KEY = Symbol.for('berth.embedded.openFolders');

/**
 * The folders whose store is open in this process, by real path. The system's lock of a file belongs to the whole
 * process, and closing any descriptor of that file drops it: from then on another process could open the store too.
 * So a second open must be refused before the lock file is opened. The set is kept on `globalThis`, for two copies of
 * this module share the process and hence the lock.
 */
function openFolders(): Set<string> {
  const shared = globalThis as { [KEY]?: Set<string> };
  shared[KEY] ??= new Set();
  return shared[KEY];
}
