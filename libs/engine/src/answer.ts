import type {
  Class,
  Millis,
  ModelId,
  Ready,
  Refusal,
  ReplicaId,
  ServerId,
  StopReason,
  TenantId,
} from '#core';

/** One resolve call, checked and complete. */
export interface ResolveQuery {
  readonly model: ModelId;
  /** Null: any version. */
  readonly version: string | null;
  /** How long the caller waits for a cold model; null: as long as the model allows. 0: not at all. */
  readonly wait: Millis | null;
  /** How long the route must stay good. */
  readonly lease: Millis;
  /** Null: the model's own. */
  readonly class: Class | null;
  /** Servers the caller has just failed on. */
  readonly avoid: readonly ServerId[];
  /** The same key leads to the same copy: at most 128 characters. */
  readonly affinityKey?: string;
  /** The tenant, by the credential of the caller. */
  readonly tenant: TenantId;
  /** The caller's own name for the request, at most 128 characters: for correlation only. */
  readonly requestId?: string;
}

/** Where a model lives, good for `lease`. */
export interface Route {
  readonly kind: 'route';
  readonly model: ModelId;
  readonly version: string;
  readonly server: ServerId;
  readonly replica: ReplicaId;
  readonly devices: readonly number[];
  readonly term: number;
  readonly sequence: number;
  readonly lease: Millis;
  readonly cold: boolean;
  readonly waited: Millis;
  /** Given without the leader's word, or by a leader whose own lease is out of date; left out: with it. */
  readonly stale?: true;
}

/** The route to a replica. */
export const routeTo = (
  { id, model, server, devices, versions }: Pick<Ready, 'id' | 'model' | 'server' | 'devices' | 'versions'>,
  query: ResolveQuery,
  told: Pick<Route, 'term' | 'sequence' | 'lease' | 'cold' | 'waited'>,
): Route => ({
  kind: 'route',
  model,
  version: query.version ?? versions.at(-1) ?? '',
  server,
  replica: id,
  devices,
  ...told,
});

/** The answer to a request; each gets exactly one. */
export type Answer = Route | { readonly kind: 'refusal'; readonly refusal: Refusal };

/** The answer to each request once the engine has stopped. */
export const stoppedAnswer = (reason: StopReason): Answer => ({
  kind: 'refusal',
  refusal: { reason, retryAfter: 1_000 },
});

/** A request that waits. */
export interface Pending {
  readonly answer: Promise<Answer>;
  /** To be called when the caller is gone: the answer is not read any more. */
  cancel(): void;
}
