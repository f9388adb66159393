import type { Leaders, Leadership, Warmups, AcquiredTerm } from '#engine';
import type { Store } from '#store';

/** This process among others that want to lead, one at a time. */
interface Candidate extends Leaders {
  /** Resolves when this process leads. Called again once that term has ended. Rejects once it is closed. */
  lead(): Promise<AcquiredTerm>;
  /** The leader has said that it is about to let go. */
  expectRelease(): void;
  /** Lets go where this process leads, and wants to lead no more. */
  close(): Promise<void>;
}

/** Where this process is asked. */
export interface Served {
  /** The base URL. */
  readonly http: string;
  /** `host:port`. */
  readonly grpc: string;
}

/** The peers of this process: one of them leads. */
export interface Peers {
  readonly candidate: Candidate;
  /** The name of this peer. */
  readonly name: string;
  /** Opens the store of a term. It is closed with the term. Rejects with `StoreUnavailable` where it does not answer. */
  openStore(leadership: Leadership): Promise<Store>;
  /** The warm-ups that all peers share, and any of them does. */
  readonly warmups: Warmups;
  /** Ends the connections. The candidate is closed before. */
  close(): Promise<void>;
}
