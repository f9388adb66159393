/** A model as told through the API: one layer above the file, field by field. */
export interface ToldModel {
  /** Rises by one with every admin write to the model or its pin. */
  readonly revision: number;
  /** The keys of contract section 1 that were set; null where only a pin (or a past) is stored. */
  readonly spec: Readonly<Record<string, unknown>> | null;
  /** Absent: the layer below decides; null: unpinned. `until` is RFC 3339 UTC or null. */
  readonly pin?: { readonly copies: number; readonly until: string | null } | null;
}

/** A server as told through the API. */
export interface ToldServer {
  readonly revision: number;
  /** The keys of contract section 1; null where only a drain is stored. */
  readonly spec: Readonly<Record<string, unknown>> | null;
  /** `deadline` is RFC 3339 UTC or null; null: not draining. */
  readonly drain: { readonly deadline: string | null } | null;
}

/** The operator's stop of all loads and unloads, as told through the API. */
export interface ToldFreeze {
  readonly reason: string;
  /** RFC 3339 UTC. */
  readonly since: string;
}

/** What of the orders of admins about a model was accepted and is still to be done. */
export interface ToldOrders {
  /** Whether it is to be loaded, wherever that may be. */
  readonly load: boolean;
  /** The copies to be let go, by server, and whether leases are skipped for them. */
  readonly unload: readonly { readonly server: string; readonly force: boolean }[];
  /** The copies to be loaded anew, by server, and whether they have left for that. */
  readonly reload: readonly { readonly server: string; readonly hasLeft: boolean }[];
}

/**
 * What a write with an Idempotency-Key was answered, but for the body: a replay shows the thing as it is then. So what is
 * kept is small, whatever was written.
 */
export interface ToldAnswer {
  /** RFC 3339 UTC; kept for 24 h. */
  readonly at: string;
  /** SHA-256 of the request body, hex. */
  readonly bodyHash: string;
  readonly status: number;
  /** The revision that was the ETag; null: there was none. */
  readonly revision: string | null;
  /** The state that was told; null: none was. */
  readonly state: string | null;
}

export interface Told {
  readonly models: ReadonlyMap<string, ToldModel>;
  readonly servers: ReadonlyMap<string, ToldServer>;
  /** Null: not frozen. */
  readonly freeze: ToldFreeze | null;
  /** By model. */
  readonly orders: ReadonlyMap<string, ToldOrders>;
  /** When each answer was given (RFC 3339 UTC), by credential, method, path and key, joined by the caller. */
  readonly answers: ReadonlyMap<string, string>;
}

/** One stored thing replaced, or with null removed. */
export type ToldChange =
  | { readonly kind: 'model'; readonly name: string; readonly value: ToldModel | null }
  | { readonly kind: 'server'; readonly id: string; readonly value: ToldServer | null }
  | { readonly kind: 'freeze'; readonly value: ToldFreeze | null }
  | { readonly kind: 'orders'; readonly model: string; readonly value: ToldOrders | null }
  | { readonly kind: 'answer'; readonly key: string; readonly value: ToldAnswer | null };

/** Keeps what we were told through the API: it survives crashes from the moment `write` resolves. */
export interface Declarations {
  read(): Promise<Told>;
  /** One of the answers; undefined where there is none under that key. */
  answer(key: string): Promise<ToldAnswer | undefined>;
  /** All of it or none. */
  write(changes: readonly ToldChange[]): Promise<void>;
}
