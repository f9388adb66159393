import { join } from 'node:path';
import { StoreUnusable } from '#store';
import { lockFailure } from './damage.js';
import { FILES, presentIn, type Present, realFolder, refuseOldStore } from './folder.js';
import { openFolders } from './open-folders.js';
import { SqlThread } from './sql-thread.js';

/** A folder that no other process, and no other part of this one, can open until it is let go. */
export interface HeldFolder {
  readonly path: string;
  /** Has the rows open. */
  readonly thread: SqlThread;
  /** Has the lock, and does nothing else: it outlives a death of the other thread, so that no process comes in between. */
  readonly lock: SqlThread;
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
  const [thread, lock] = [new SqlThread(), new SqlThread()];
  const letGo = async (): Promise<void> => {
    await thread.end();
    await lock.end();
    taken.delete(path);
  };
  try {
    await lock.lock(join(path, FILES.lock));
    return { path, thread, lock, present, letGo };
  } catch (error) {
    await letGo();
    throw lockFailure(path, FILES.lock, error);
  }
}
