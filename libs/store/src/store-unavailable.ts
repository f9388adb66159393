/**
 * The store did not do what it was asked, now; another try may succeed. A write that ended so was not acknowledged: it may
 * be there or not. The message is for the operator.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The store is well, and belongs to a later term: another peer leads. */
export class TermOver extends StoreUnavailable {}
