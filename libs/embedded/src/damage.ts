import { join } from 'node:path';
import { StoreUnusable } from '#kept';
import { SqlFailed } from './sql-thread.js';

/** What an operator can do about a store that is damaged. */
const ADVICE =
  'Put a copy of the folder back; or save what can be read (`berthctl store check`, `store export`), move the folder ' +
  'away and `store import` that';

/** Codes of SQLite and of the system that tell of the surroundings, not of what is in the file. */
const OUTSIDE = /^(E[A-Z]+$|SQLITE_(IOERR(?!_SHORT_READ)|CANTOPEN|FULL|READONLY|PERM|NOMEM|AUTH|INTERRUPT))/;

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
  if (OUTSIDE.test(code) || message.includes('ConnectionFailed'))
    return new StoreUnusable('unreachable', `the store in ${path} cannot be opened: ${message}`);
  return damaged(path, message);
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
