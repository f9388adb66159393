/**
 * The names of the peers that may have a table of the routes. A peer is kept before it is sent its first table, and forgotten once
 * nothing that it was told counts any more. So the next leader knows which peers it has to wait for.
 */
export interface KnownPeers {
  read(): Promise<ReadonlySet<string>>;
  /** Once resolved it is stored. Rejects where the store fails. */
  keep(name: string): Promise<void>;
  forget(name: string): Promise<void>;
}
