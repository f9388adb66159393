const MIB = 2 ** 20;
const ALL = Symbol('all');

/** Whose bytes are held. */
export interface Owner {
  /** The connection, or the addresses of its ends. */
  readonly connection: object | string;
  /** Of the caller; empty: it has not signed in. */
  readonly credential: string;
}

/** Counts bytes that are held for callers: up to 4 MiB for a connection, 16 MiB for a credential, and 64 MiB in all. */
export class Room {
  private readonly used = new Map<object | string | symbol, number>();

  /** Whether so many more have room. Where none are held, more than the bound have room, too. */
  has(owner: Owner, bytes: number): boolean {
    return boundsOf(owner).every(([key, most]) => {
      const used = this.used.get(key) ?? 0;
      return used === 0 || used + bytes <= most;
    });
  }

  /** Counts so many more, or less. */
  add(owner: Owner, bytes: number): void {
    for (const [key] of boundsOf(owner)) {
      const used = (this.used.get(key) ?? 0) + bytes;
      if (used === 0) this.used.delete(key);
      else this.used.set(key, used);
    }
  }
}

const boundsOf = ({ connection, credential }: Owner) =>
  [
    [connection, 4 * MIB],
    [`by ${credential}`, 16 * MIB],
    [ALL, 64 * MIB],
  ] as const;
