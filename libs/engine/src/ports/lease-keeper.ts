/** The lease of the peer that leads, as it is stored: one text that changes with each renewal. */
export interface Lease {
  /** The name of the peer. */
  readonly peer: string;
  readonly term: number;
  /** How often it was renewed. */
  readonly renewals: number;
  /** `host:port`, told to the other peers. */
  readonly grpc: string;
  /** The base URL of HTTP, told to the other peers. */
  readonly http: string;
}

/** What the store says of the lease at one moment. */
export interface LeaseState {
  /** Null: there is none. It was released, or lost with the store. A lease does not run out in the store. */
  readonly lease: Lease | null;
  /** The highest term that the store knows of; 0 where it knows of none. */
  readonly lastTerm: number;
  /** The last term that its leader released; 0 where none was. */
  readonly releasedTerm: number;
}

/** A reading of the store. */
export interface LeaseReading extends LeaseState {
  /** Whether enough replicas of the store are there to confirm a renewal: else silence says nothing about the leader. */
  readonly canConfirm: boolean;
}

/** Which peer asks for the lease, and what still has to be so. */
export interface LeaseClaim {
  readonly peer: string;
  readonly grpc: string;
  readonly http: string;
  /** The new term is higher than this one, than the stored one, and not below the microseconds of the store's clock. */
  readonly floor: number;
  /** What was read last: another state now, and the claim is refused. */
  readonly seen: LeaseState;
}

/** `taken`: the state is not the one that was read any more. */
export type Claimed =
  | { readonly outcome: 'acquired'; readonly lease: Lease; readonly isConfirmed: boolean }
  | { readonly outcome: 'taken' };

/**
 * `unconfirmed`: the store has it, but too few of its replicas do. `lost`: another holds the lease, a higher term is stored, or
 * this term was released.
 */
export type Renewed = 'confirmed' | 'unconfirmed' | 'lost';

/**
 * Keeps the one lease that all peers compete for. Each call settles within a few seconds, and rejects where the store does
 * not answer: then the outcome is not known. What reaches the store more than a second after it was sent has no effect.
 * After a call that was not confirmed, the next one looks anew for the store that takes writes.
 */
export interface LeaseKeeper {
  read(): Promise<LeaseReading>;
  acquire(claim: LeaseClaim): Promise<Claimed>;
  /** Stores this lease, also where none is stored, for its holder alone. */
  renew(lease: Lease): Promise<Renewed>;
  /** Removes the lease where it is that of this term, and notes that the term was released. */
  release(lease: Lease): Promise<void>;
}
