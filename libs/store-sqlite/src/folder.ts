import { lstat, mkdir, open, readdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnusable } from '#store';

/** A folder that has not answered by then is refused: a file system that is gone would hold the start up for ever. */
const PATIENCE_MS = 5_000;

/** The files of a store. */
export const FILES = {
  /** The rows. */
  db: 'berth.db',
  /** What SQLite keeps while it changes the rows: after a crash it holds what was there before. */
  journal: 'berth.db-journal',
  /** Its lock is held by the process that has the store. It is empty. */
  lock: 'berth.lock',
  /** Says that there must be rows: it is made once they are. */
  mark: 'berth.store',
} as const;

const MARK_TEXT = 'Here is a store of Berth. Its rows are in berth.db; without that file it is refused.\n';

/** Which of our files are there. */
export type Present = Readonly<Record<keyof typeof FILES, boolean>>;

/** The folder by its real path, made where there is none. */
export async function realFolder(folder: string): Promise<string> {
  try {
    return await answered(folder, makeFolder(resolve(folder)));
  } catch (cause) {
    if (cause instanceof StoreUnusable) throw cause;
    const message = `the folder ${folder} cannot be used: ${(cause as Error).message}`;
    throw new StoreUnusable('unreachable', message, { cause });
  }
}

/** What is in the folder. A file of ours that is none, such as a named pipe, could hold us up for ever. */
export async function presentIn(path: string): Promise<Present> {
  const found = await answered(path, Promise.all(Object.values(FILES).map((name) => isThere(path, name))));
  return Object.fromEntries(Object.keys(FILES).map((kind, at) => [kind, found[at]])) as Present;
}

/** Up to version 0.1 Berth kept its rows in LevelDB: beginning anew beside them would lose them in silence. */
export async function refuseOldStore(path: string): Promise<void> {
  const names = await answered(path, readdir(path)).catch(() => []);
  const old = names.find((name) => /^(MANIFEST-\d+|\d+\.(log|ldb|sst))$/.test(name));
  if (old === undefined) return;
  throw new StoreUnusable(
    'old_store',
    `the folder ${path} has a store in LevelDB (${old}), which an older Berth made and this version does not read. ` +
      'Commit e0450614 is the last that does: start it once with this folder, and this version after it. ' +
      'To go on without that store, move CURRENT, MANIFEST-*, *.log and *.ldb out of the folder',
  );
}

/** Says from now on that there must be rows. */
export async function mark(path: string): Promise<void> {
  await writeFile(join(path, FILES.mark), MARK_TEXT, { mode: 0o600, flush: true });
  await syncFolder(path);
}

/** Makes what was made in a folder survive a loss of power, where the system can. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** One after the other: Node's own `recursive` tries for ever where a file system lets no folder be made. */
async function makeFolder(path: string): Promise<string> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) {
    if (dirname(path) !== path) await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch(ignoreExisting);
  }
  const real = await realpath(path);
  if (!(await lstat(real)).isDirectory()) throw new Error(`${path} is no folder`);
  return real;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function isThere(path: string, name: string): Promise<boolean> {
  const found = await lstat(join(path, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new StoreUnusable('unreachable', `${join(path, name)} cannot be looked at: ${error.message}`);
  });
  if (found !== undefined && !found.isFile())
    throw new StoreUnusable('damaged', `${join(path, name)} is no file: Berth did not make it. Move it away`);
  return found !== undefined;
}

/** What was asked of a folder, where it comes back in time; refuses with `StoreUnusable` where it does not. */
export async function answered<T>(folder: string, asked: Promise<T>, patience = PATIENCE_MS): Promise<T> {
  const giveUp = new AbortController();
  const late = sleep(patience, undefined, { signal: giveUp.signal }).then(() => {
    throw new StoreUnusable(
      'stuck',
      `the folder ${folder} does not answer: nothing came back within ${patience / 1_000} s. Is its file system mounted?`,
    );
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([asked, late]);
  } finally {
    giveUp.abort();
  }
}
