import type { Class, Millis, ModelId, Ready, Refusal, ReplicaId, ServerId, TenantId } from '#core';

/** One resolve call, checked and complete. */
export interface ResolveQuery {
  readonly model: ModelId;
  /** Null: any version. */
  readonly version: string | null;
  /** How long the caller will wait for a cold model; null: as long as the model allows. 0: do not wait. */
  readonly wait: Millis | null;
  /** How long the route must stay good. */
  readonly lease: Millis;
  /** Null: the model's own. */
  readonly class: Class | null;
  /** Servers the caller has just failed on. */
  readonly avoid: readonly ServerId[];
  /** The tenant that asks, by its credential: the caller cannot choose it. */
  readonly tenant: TenantId;
  /** What the caller calls its request, at most 128 characters: for correlation only. */
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
}

/** What a route says of the replica it leads to. */
export type Routed = Pick<Ready, 'id' | 'model' | 'server' | 'devices' | 'versions'>;

/** What a route says of how it came about. */
export type ToldOfRoute = Pick<Route, 'lease' | 'waited' | 'cold'>;

/** The route to a replica, as it is answered. */
export const routeTo = (
  { id, model, server, devices, versions }: Routed,
  query: ResolveQuery,
  told: ToldOfRoute & Pick<Route, 'term' | 'sequence'>,
): Route => ({
  kind: 'route',
  model,
  version: query.version ?? versions.at(-1) ?? '',
  server,
  replica: id,
  devices,
  ...told,
});

/** What every request gets exactly once. */
export type Answer = Route | { readonly kind: 'refusal'; readonly refusal: Refusal };

/** A request that waits. */
export interface Pending {
  readonly answer: Promise<Answer>;
  /** The caller has gone: the answer is not read any more. */
  cancel(): void;
}
