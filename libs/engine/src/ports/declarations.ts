/** The declaration of a model through the API: a layer above that of the file, field by field. */
export interface DeclaredModel {
  /** Rises by one with every admin write to the model or its pin. */
  readonly revision: number;
  /** The keys of contract section 1 that were set; null where only a pin (or a past) is stored. */
  readonly spec: Readonly<Record<string, unknown>> | null;
  /** Absent: the layer below decides; null: unpinned. `until` is RFC 3339 UTC or null. */
  readonly pin?: { readonly copies: number; readonly until: string | null } | null;
}

/** The declaration of a server through the API. */
export interface DeclaredServer {
  readonly revision: number;
  /** The keys of contract section 1; null where only a drain is stored. */
  readonly spec: Readonly<Record<string, unknown>> | null;
  /** What an admin ordered, or an alert; absent `cause`: an admin. `deadline` is RFC 3339 UTC or null; null: not draining. */
  readonly drain: (DeclaredDrain & { readonly cause?: 'alert' }) | null;
  /** Whether a webhook declared it; absent: no. The configuration says how such servers are called. */
  readonly joined?: true;
  /** What a webhook said of its end; absent: nothing, or that it is there again. `deadline` is RFC 3339 UTC or null. */
  readonly end?: DeclaredLeaving | { readonly said: 'left' };
  /** The timestamp of the last message of a webhook about it, RFC 3339 UTC; absent: it had none. */
  readonly saidAt?: string;
}

interface DeclaredLeaving extends DeclaredDrain {
  readonly said: 'leaving';
  /** Whether the server was drained, or the deadline passed; absent: not yet. */
  readonly isCarriedOut?: true;
}

/** By when a server is to be empty, RFC 3339 UTC; null: there is no deadline. */
interface DeclaredDrain {
  readonly deadline: string | null;
  /** Since when, RFC 3339 UTC, and at the word of which credential; absent where an older version stored it. */
  readonly since?: string;
  readonly by?: string;
}

/** A freeze of all loads and unloads, ordered through the API. */
export interface DeclaredFreeze {
  readonly reason: string;
  /** The credential that ordered it; absent where an older version stored it. */
  readonly by?: string;
  /** RFC 3339 UTC. */
  readonly since: string;
}

/** The accepted orders of admins about a model that are still to be done. */
export interface StoredOrders {
  /** Whether it is to be loaded, on any server. */
  readonly load: boolean;
  /** The servers whose copies are to be unloaded; `force`: leases are skipped. */
  readonly unload: readonly { readonly server: string; readonly force: boolean }[];
  /** The servers whose copies are to be reloaded; `hasLeft`: the old copy has left. */
  readonly reload: readonly { readonly server: string; readonly hasLeft: boolean }[];
}

/** The answer to a write with an Idempotency-Key, without the body: a replay shows the present resource. */
export interface StoredAnswer {
  /** RFC 3339 UTC; kept for 24 h. */
  readonly at: string;
  /** SHA-256 of the request body, hex. */
  readonly bodyHash: string;
  readonly status: number;
  /** The revision that was the ETag; null: there was none. */
  readonly revision: string | null;
  /** The state in the answer; null: there was none. */
  readonly state: string | null;
}

/** The lists of the audit: what credentials of the role admin asked for, and all else. Each is a chain of its own. */
export type AuditChain = 'admins' | 'programs';

/** A thing that a write changed or ordered. */
export interface AuditedThing {
  /** Whether it was an order to skip leases. */
  readonly forced: boolean;
  /** A freeze has no name. */
  readonly subject: {
    readonly kind: 'model' | 'server' | 'freeze' | 'dead_letter' | 'warmup';
    readonly name: string | null;
  };
  /** The revisions of the subject, in decimal digits; equal where the write declared nothing, null where there are none. */
  readonly revisionBefore: string | null;
  readonly revisionAfter: string | null;
}

/** What one write changed or ordered: a record of the audit. Its JSON is what the API tells, and what is hashed. */
export interface AuditRow extends AuditedThing {
  /** Rises by one with every record; decimal digits, the first is 1. */
  readonly number: string;
  /** RFC 3339 UTC. */
  readonly at: string;
  readonly credential: string;
  /** The interface that took the write, and the address of its caller; null: no request asked for the write. */
  readonly source: { readonly over: 'http' | 'grpc'; readonly address: string | null } | null;
  /** Method and path, as over HTTP. */
  readonly operation: string;
  /** Further things of the same write; absent: none. */
  readonly others?: AuditedThing[];
  /** How many things of the same write are not named; absent: none. */
  readonly more?: number;
  /** SHA-256 of the record before, hex; zeros in the first. */
  readonly previousHash: string;
}

/** Where a chain of the audit stands. */
export interface AuditHeadRow {
  /** The number of the oldest record that is kept. */
  readonly first: number;
  /** The number of the next record. */
  readonly next: number;
  /** SHA-256 of the newest record, hex; zeros where there was none. */
  readonly hash: string;
}

/** An event that is to be told to one endpoint. */
export interface StoredEvent {
  /** The name of the endpoint. */
  readonly endpoint: string;
  /** Its `webhook-id`: the same each time it is sent. */
  readonly id: string;
  readonly type: string;
  /** When it happened, RFC 3339 UTC. */
  readonly at: string;
  /** What it is about: events with the same subject are told in order. */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Why an event is not told any more. `exhausted`: all tries failed. `gone`: the endpoint answered 410. `overflow`: too many
 * waited. `withdrawn`: the configuration does not have the endpoint any more.
 */
export type DeadLetterCause = 'exhausted' | 'gone' | 'overflow' | 'withdrawn';

/** A stored event that is not told any more, unless an admin replays it. */
export interface StoredDeadLetter {
  readonly cause: DeadLetterCause;
  /** Since when, RFC 3339 UTC. */
  readonly at: string;
  /** How often it was sent in vain. */
  readonly attempts: number;
}

/** What a webhook said lately: the same said again changes nothing. */
export interface StoredHook {
  /** RFC 3339 UTC; kept for 24 h. */
  readonly at: string;
  /** The latest word about these servers, of a webhook without an id; null: the webhook had an id, of which the key is made. */
  readonly word: {
    /** SHA-256 of what it said, hex. */
    readonly hash: string;
    readonly servers: readonly string[];
  } | null;
}

/** What an alert of Alertmanager did, from when it was heard first until it is resolved. */
export interface StoredAlert {
  /** When the alert was heard last; RFC 3339 UTC, up to an hour early. */
  readonly heardAt: string;
  /** Whether what its rule says is done. If not, each repeat of the alert tries it again. */
  readonly isDone: boolean;
  /** What it declared, with the revision that this made; null: nothing that could be taken back. */
  readonly holds: {
    readonly kind: 'drain' | 'pin';
    readonly name: string;
    readonly revision: number;
    /** Whether an admin had unpinned the model, whatever the file says; absent: no. */
    readonly wasUnpinned?: true;
  } | null;
  /** Whether that is taken back once the alert is resolved. */
  readonly undo: boolean;
}

/** Everything that is stored of what was declared and ordered through the API. */
export interface Declared {
  readonly models: ReadonlyMap<string, DeclaredModel>;
  readonly servers: ReadonlyMap<string, DeclaredServer>;
  /** Null: not frozen. */
  readonly freeze: DeclaredFreeze | null;
  /** By model. */
  readonly orders: ReadonlyMap<string, StoredOrders>;
  /** When each answer was given (RFC 3339 UTC), by credential, method, path and key, joined by the caller. */
  readonly answers: ReadonlyMap<string, string>;
  /** By keys that the caller makes. */
  readonly hooks: ReadonlyMap<string, StoredHook>;
  /** By fingerprint of the alert; an earlier version added its start. */
  readonly episodes: ReadonlyMap<string, StoredAlert>;
}

/** One stored value replaced, or removed with null. */
export type DeclarationChange =
  | { readonly kind: 'model'; readonly name: string; readonly value: DeclaredModel | null }
  | { readonly kind: 'server'; readonly id: string; readonly value: DeclaredServer | null }
  | { readonly kind: 'freeze'; readonly value: DeclaredFreeze | null }
  | { readonly kind: 'orders'; readonly model: string; readonly value: StoredOrders | null }
  | { readonly kind: 'answer'; readonly key: string; readonly value: StoredAnswer | null }
  | { readonly kind: 'hook'; readonly key: string; readonly value: StoredHook | null }
  | { readonly kind: 'episode'; readonly key: string; readonly value: StoredAlert | null }
  | {
      readonly kind: 'audit';
      readonly chain: AuditChain;
      readonly number: number;
      readonly value: AuditRow | null;
    }
  | { readonly kind: 'auditHead'; readonly chain: AuditChain; readonly value: AuditHeadRow }
  | { readonly kind: 'event'; readonly number: number; readonly value: StoredEvent | null }
  /** `orderedAbout`: the `webhook-id` of the event where an admin ordered the change, for the audit. */
  | {
      readonly kind: 'deadLetter';
      readonly number: number;
      readonly orderedAbout?: string;
      readonly value: StoredDeadLetter | null;
    };

/** What became of a write. */
export interface Written {
  /** Whether it survives the loss of any one machine that keeps it. False: too few replicas of the store confirmed it. */
  readonly durable: boolean;
}

/** Stores what was declared and ordered through the API. It survives crashes from the moment that `write` resolves. */
export interface Declarations {
  read(): Promise<Declared>;
  /** The answer under a key; undefined where there is none. */
  answer(key: string): Promise<StoredAnswer | undefined>;
  /** Where a chain of the audit stands; undefined where nothing was ever written to it. */
  auditHead(chain: AuditChain): Promise<AuditHeadRow | undefined>;
  /** The audit record of a number; undefined where it is not kept. */
  auditRecord(chain: AuditChain, number: number): Promise<AuditRow | undefined>;
  /** All of it or none. */
  write(changes: readonly DeclarationChange[]): Promise<Written>;
}
