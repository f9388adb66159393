/**
 * What decides at present, in a process that may come to lead and to lead no more: all of it is made anew for each term of
 * leading. A call asks here once, before its first `await`, so that all it uses is of one term. `Ports`: what it uses.
 */
export abstract class PerTerm<Ports> {
  /** Refuses with `no_leader` where this process does not lead. */
  abstract readonly now: Ports;
  /**
   * For calls that read or write what is declared. Refuses also where the lease is not renewed: another process may have written
   * since.
   */
  abstract readonly certain: Ports;
}
