/** How the keys of a fleet are laid out. A later version of Berth may need another one. */
export const LAYOUT = '1';

/** The keys of one fleet in Redis. */
export interface Keys {
  /** A hash: fleet, layout of the rows, terms, and the count of writes. */
  readonly meta: string;
  readonly lease: string;
  /** A hash: the kinds of rows that there are. */
  readonly kinds: string;
  /** The rows of a kind are in a hash of which the key begins so. */
  readonly rows: string;
  /** The name of a peer is kept under a key that begins so. */
  readonly names: string;
}

export const keysOf = (prefix: string): Keys => ({
  meta: `${prefix}:meta`,
  lease: `${prefix}:lease`,
  kinds: `${prefix}:kinds`,
  rows: `${prefix}:rows:`,
  names: `${prefix}:name:`,
});
