import { join } from 'node:path';
import { StoreUnusable } from '#store';
import { SqlFailed, SqlStopped } from './sql-thread.js';

/** What an operator can do about a store that is damaged. */
const ADVICE =
  'Put a copy of the folder back; or save what can be read (`berthctl store check`, `store export`), move the folder ' +
  'away and `store import` that';

/** Codes by which SQLite tells of what is in the file. All else tells of the surroundings. Our statements are never wrong by themselves. */
const DAMAGE = /^SQLITE_(CORRUPT|NOTADB|ERROR|IOERR_SHORT_READ)/;

/** Something in the store is not what was written. */
export function damaged(path: string, what: string): StoreUnusable {
  return new StoreUnusable('damaged', `the store in ${path} is damaged: ${what}. ${ADVICE}`);
}

/** What it means that a store could not be opened. */
export function openFailure(path: string, error: unknown): unknown {
  if (!(error instanceof SqlFailed)) return error;
  const { code = '', message } = error;
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return new StoreUnusable('in_use', `the store in ${path} is in use by another process (${message})`);
  if (DAMAGE.test(code)) return damaged(path, message);
  const reason = error instanceof SqlStopped ? 'no_sqlite' : 'unreachable';
  return new StoreUnusable(reason, `the store in ${path} cannot be opened: ${message}`);
}

/** What it means that the file could not be locked whose lock makes the store the one of this process. */
export function lockFailure(path: string, name: string, error: unknown): unknown {
  const failure = openFailure(path, error);
  if (!(failure instanceof StoreUnusable) || failure.reason !== 'damaged') return failure;
  return new StoreUnusable(
    'damaged',
    `${join(path, name)} is not what Berth made (${(error as Error).message}). ${name} holds nothing of the store: delete it`,
  );
}
