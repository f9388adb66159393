/**
 * Why a store cannot be used: another process has it, it belongs to another installation, another version of Berth wrote it,
 * what is in it makes no sense, the folder has a store in LevelDB, which is not read any more, the database does not run on
 * this machine, the folder cannot be reached, or the folder does not answer at all. A call to such a folder may hold up the
 * end of the process, too. Of Redis: it drops keys when its memory is full, it lacks the database, it does not take our
 * credentials, it is spoken to with the wrong encryption, or another process has the name of this peer.
 */
export type UnusableReason =
  | 'in_use'
  | 'other_fleet'
  | 'other_version'
  | 'damaged'
  | 'old_store'
  | 'no_sqlite'
  | 'unreachable'
  | 'stuck'
  | 'evicting'
  | 'no_database'
  | 'wrong_credentials'
  | 'wrong_tls'
  | 'name_in_use';

/** The store was left as it is. The message is for the operator: the operator alone decides what becomes of the store. */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable';

  constructor(
    readonly reason: UnusableReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
