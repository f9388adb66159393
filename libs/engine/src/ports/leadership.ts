/** Which process decides. Only the leader runs the core and sends orders. */
export interface Leadership {
  /** The number of this leader's term: every later one is higher, also over restarts. */
  readonly term: number;
  /** Whether orders may be sent at this moment. */
  mayAct(): boolean;
}
