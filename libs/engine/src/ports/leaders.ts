/** The peer that leads, and where it is asked. */
export interface Leader {
  /** The name of the peer. */
  readonly peer: string;
  readonly term: number;
  /** `host:port`. */
  readonly grpc: string;
  /** The base URL of HTTP. */
  readonly http: string;
}

/** Knows which peer leads, as far as this process has heard. */
export interface Leaders {
  /** Null: none is known, or the one that led has let go. */
  readonly present: Leader | null;
  /** Has `tell` hear of each change from now on. */
  follow(tell: (leader: Leader | null) => void): void;
  /** Takes note of a term that was heard of otherwise than by the store: every later one has to be higher. */
  noteTerm(term: number): void;
}
