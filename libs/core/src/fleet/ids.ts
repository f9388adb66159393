declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** The name of a model in Triton's repository, by which clients ask for it. */
export type ModelId = Id<'ModelId'>;
/** The operator's name of one Triton process. */
export type ServerId = Id<'ServerId'>;
/** One model on one server: `model@server`. */
export type ReplicaId = Id<'ReplicaId'>;
/** One resolve call. */
export type RequestId = Id<'RequestId'>;
/** The tenant of a request, as its credential says: at most 128 characters. */
export type TenantId = Id<'TenantId'>;
/** One load or unload that was sent; its report names it. */
export type OrderId = Id<'OrderId'>;
/** One that keeps a table of the routes and follows its changes: a peer, or a gateway. At most 128 characters. */
export type WatcherId = Id<'WatcherId'>;
/** One account of memory: a GPU (`gpu:server/ordinal`) or the memory of a host (`host:name`). */
export type AccountId = Id<'AccountId'>;

export const replicaId = (model: ModelId, server: ServerId): ReplicaId => `${model}@${server}` as ReplicaId;
/** The parts of such a name. The name of a model may have an `@`, that of a server has none. */
export function partsOf(id: ReplicaId): { readonly model: ModelId; readonly server: ServerId } {
  const at = id.lastIndexOf('@');
  return { model: id.slice(0, at) as ModelId, server: id.slice(at + 1) as ServerId };
}
export const gpuAccount = (server: ServerId, ordinal: number): AccountId =>
  `gpu:${server}/${ordinal}` as AccountId;
export const hostAccount = (host: string): AccountId => `host:${host}` as AccountId;
