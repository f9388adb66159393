import { mkdir, realpath } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { type Rows, StoreUnusable } from '#kept';
import { LevelRows } from './level-rows.js';
import { openFolders } from './open-folders.js';

/** Opens the rows in a folder, making it where there is none. Refuses with `StoreUnusable`. */
export async function openRows(folder: string): Promise<Rows> {
  const path = await realFolder(folder);
  const taken = openFolders();
  if (taken.has(path))
    throw new StoreUnusable('in_use', `the store in ${folder} is already open in this process`);
  taken.add(path);
  try {
    return new LevelRows(await openDatabase(path, folder), () => taken.delete(path));
  } catch (error) {
    taken.delete(path);
    throw error;
  }
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

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
