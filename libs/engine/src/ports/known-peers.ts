/**
 * The peers that may have a table of the routes, by their names. A peer is kept from before it is sent its first table until
 * nothing that it was told counts any more, so that the next leader knows for which it has to wait.
 */
export interface KnownPeers {
  read(): Promise<ReadonlySet<string>>;
  /** Once resolved it is stored. Rejects where the store fails. */
  keep(name: string): Promise<void>;
  forget(name: string): Promise<void>;
}
