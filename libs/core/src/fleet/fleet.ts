import { addTo, appendTo, grouped, removeFrom } from '../numbers/groups.js';
import { EmptyFleet, type Fleet } from './fleet-state.js';
import { indexDropped, indexPut } from './indexes.js';
import type { Model } from './model.js';
import type { AccountId, ModelId, OrderId, ReplicaId, ServerId } from './ids.js';
import type { Unsettled } from './fleet-index.js';
import { hasOutlived, isFailing, type Ready, type Replica } from './replica.js';
import { forgetLeft, noteMotion } from './meter.js';

export type * from './fleet-state.js';

export const emptyFleet = (): Fleet => new EmptyFleet();

/**
 * Writes a replica down in place of what was known of it. A caller that changes the phase builds the replica with the
 * new keys before what it spreads into it: see `withKeysInOrder`.
 */
export function put(fleet: Fleet, replica: Replica): void {
  const before = fleet.replicas.get(replica.id);
  if (isRerouted(before, replica)) noteRouteAndWholes(fleet, replica);
  const server = fleet.servers.get(replica.server);
  noteMotion(fleet, before, replica);
  if (before && before.devices !== replica.devices) forgetLeft(server, replica);
  fleet.replicas.set(replica.id, replica);
  noteUnsettled(fleet, replica.id, replica.phase !== 'ready');
  if (!before) {
    addTo(fleet.holders, replica.model, replica.id);
    addTo(fleet.residents, replica.server, replica.id);
  }
  indexPut(fleet, replica);
}

/** Whether the row of a replica in the table of routes comes, goes, or changes. */
function isRerouted(before: Replica | undefined, replica: Replica): boolean {
  if (before?.phase !== 'ready' || replica.phase !== 'ready')
    return (before?.phase === 'ready') !== (replica.phase === 'ready');
  return isOtherRow(before, replica);
}

const isOtherRow = (before: Ready, after: Ready): boolean =>
  !isSameList(before.versions, after.versions) ||
  !isSameList(before.devices, after.devices) ||
  isFailing(before) !== isFailing(after) ||
  before.stranger !== after.stranger;

const isSameList = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one === other || (one.length === other.length && one.every((item, at) => item === other[at]));

/** The route to a replica has changed: the table of routes has another revision. */
export function noteRoute(fleet: Fleet, replica: ReplicaId): void {
  fleet.routesRevision += 1;
  fleet.rerouted.add(replica);
}

/** The route to a replica has changed, and with it may those to what it is a step of: see `isWhole`. */
function noteRouteAndWholes(fleet: Fleet, { id, server }: Replica): void {
  noteRoute(fleet, id);
  noteOutlivedOn(fleet, server);
}

/** The routes may have changed to what has outlived its unload on a server: what it is made of has, or is known now. */
export function noteOutlivedOn(fleet: Fleet, server: ServerId): void {
  for (const one of replicasOn(fleet, server)) if (hasOutlived(one)) noteRoute(fleet, one.id);
}

/** All routes to a server have changed, or what is known of them. */
export function noteRoutesOn(fleet: Fleet, server: ServerId): void {
  fleet.routesRevision += 1;
  for (const { id, phase } of replicasOn(fleet, server)) if (phase === 'ready') fleet.rerouted.add(id);
}

function noteUnsettled(fleet: Fleet, id: ReplicaId, isUnsettled: boolean): void {
  if (!isUnsettled && !fleet.unsettled.delete(id)) return;
  if (isUnsettled) fleet.unsettled.add(id);
  fleet.index.unsettled = null;
}

/** Ends a replica and its bookings. */
export function forget(fleet: Fleet, replica: Replica): void {
  const { id, model, server, phase } = replica;
  if (phase === 'ready') noteRouteAndWholes(fleet, replica);
  noteMotion(fleet, replica, undefined);
  fleet.replicas.delete(id);
  noteUnsettled(fleet, id, false);
  removeFrom(fleet.holders, model, id);
  removeFrom(fleet.residents, server, id);
  indexDropped(fleet, replica);
}

/** The replicas of one model, whatever their phase. */
export const replicasOf = (fleet: Readonly<Fleet>, model: ModelId): Replica[] =>
  byId(fleet, fleet.holders.get(model));

/** The replicas on one server, whatever their phase. */
export const replicasOn = (fleet: Readonly<Fleet>, server: ServerId): Replica[] =>
  byId(fleet, fleet.residents.get(server));

/** The replicas that are not settled. */
export const unsettled = (fleet: Readonly<Fleet>): readonly Replica[] => unsettledOf(fleet).all;

/** The same on one server. */
export function unsettledOn(fleet: Readonly<Fleet>, server: ServerId): readonly Replica[] {
  const known = unsettledOf(fleet);
  known.byServer ??= grouped(known.all, (one) => one.server);
  return known.byServer.get(server) ?? NONE;
}

/** The same that hold memory of an account, or are promised it. */
export function unsettledAt(fleet: Readonly<Fleet>, account: AccountId): readonly Replica[] {
  const known = unsettledOf(fleet);
  known.byAccount ??= byAccount(known.all);
  return known.byAccount.get(account) ?? NONE;
}

const NONE: readonly Replica[] = [];

const unsettledOf = (fleet: Readonly<Fleet>): Unsettled =>
  (fleet.index.unsettled ??= { all: byId(fleet, fleet.unsettled), byServer: null, byAccount: null });

function byAccount(replicas: readonly Replica[]): ReadonlyMap<AccountId, readonly Replica[]> {
  const found = new Map<AccountId, Replica[]>();
  for (const one of replicas) {
    const booked = one.bookings.map(({ account }) => account);
    for (const account of new Set(booked)) appendTo(found, account, one);
  }
  return found;
}

/** Passes call this several times a turn, and over a set `Array.from` is many times slower than a loop. */
function byId(fleet: Readonly<Fleet>, ids: ReadonlySet<ReplicaId> | undefined): Replica[] {
  const replicas: Replica[] = [];
  if (ids) for (const id of ids) replicas.push(fleet.replicas.get(id)!);
  return replicas;
}

export const nextOrder = (fleet: Fleet): OrderId => `o${fleet.nextOrder++}` as OrderId;

/** Writes a model down in place of what was known of it. */
export function putModel(fleet: Fleet, model: Model): void {
  noteEnabled(fleet, model.id, model.enabled);
  fleet.models.set(model.id, model);
  fleet.index.models = null;
}

/** Forgets a model; its replicas stay. */
export function forgetModel(fleet: Fleet, id: ModelId): void {
  noteEnabled(fleet, id, true);
  fleet.models.delete(id);
  fleet.index.models = null;
}

/** A model that is not known is routed to; one that is disabled is not. */
function noteEnabled(fleet: Fleet, id: ModelId, isEnabled: boolean): void {
  if ((fleet.models.get(id)?.enabled ?? true) === isEnabled) return;
  for (const { id: replica, phase } of replicasOf(fleet, id))
    if (phase === 'ready') noteRoute(fleet, replica);
}

/** Lists of models, in the order of the fleet. */
export interface ModelLists {
  readonly standing: readonly Model[];
  readonly discovered: readonly Model[];
}

/** Models that are pinned or to be kept warm. */
export const standingModels = (fleet: Readonly<Fleet>): readonly Model[] => listsOf(fleet).standing;

/** Models that were discovered, and not declared. */
export const discoveredModels = (fleet: Readonly<Fleet>): readonly Model[] => listsOf(fleet).discovered;

function listsOf({ index, models }: Readonly<Fleet>): ModelLists {
  if (index.models) return index.models;
  const all = [...models.values()];
  index.models = {
    standing: all.filter(({ pinnedCopies, minCopies }) => pinnedCopies > 0 || minCopies > 0),
    discovered: all.filter(({ source }) => source === 'discovered'),
  };
  return index.models;
}
