import {
  type AccountId,
  type Booking,
  type Bytes,
  type Fleet,
  hostAccount,
  type Instant,
  type Model,
  type ModelId,
  type Replica,
  replicaId,
  type Server,
} from '#core';

/**
 * What things cost, worked out from the contract and not from the core: a limit is booked on each device that holds a
 * copy, host memory once a replica; an ensemble books itself only what was declared, GPU and host memory each by itself;
 * what runs on a processor, or needs no GPU, books host memory alone.
 */

export type Amounts = ReadonlyMap<AccountId, Bytes>;

export const gpusOf = (server: Server): readonly number[] =>
  (server.devices ?? []).filter(({ kind }) => kind === 'gpu').map(({ ordinal }) => ordinal);

/** Whether a model sits on the processor of a server that has GPUs. */
const isOnProcessor = (server: Server, id: ModelId): boolean =>
  server.configs.get(id)?.kind === 'cpu' && gpusOf(server).length > 0;

export function booksOf(
  fleet: Fleet,
  server: Server,
  id: ModelId,
  devices: readonly number[],
): readonly Booking[] {
  const model = fleet.models.get(id)!;
  const isEnsemble = (fleet.steps.get(id)?.length ?? 0) > 0;
  const isOnGpu = model.gpuBytes > 0 && (model.gpuDeclared || !isEnsemble);
  const gpus = (server.devices ?? []).filter(
    ({ ordinal, kind }) => isOnGpu && kind === 'gpu' && devices.includes(ordinal),
  );
  const host = { account: hostAccount(server.spec.host), bytes: model.hostBytes };
  const onHost = model.hostDeclared || !isEnsemble ? [host] : [];
  return [...gpus.map(({ account }) => ({ account, bytes: model.gpuBytes })), ...onHost];
}

/** Whether Berth says which GPU a model goes to. */
export const isChosen = (server: Server, model: Model): boolean =>
  model.deviceSets.length === 0 &&
  gpusOf(server).length > 1 &&
  (model.config !== null || server.configs.get(model.id)?.kind === 'gpu');

/** On which devices a model can be put at once: one where Berth chooses, else all of them. */
export function devicesFor(server: Server, model: Model): readonly (readonly number[])[] {
  if (model.deviceSets.length > 0) return setsFor(server, model);
  if (model.config === null && isOnProcessor(server, model.id)) return [[]];
  const all = (server.devices ?? []).map(({ ordinal }) => ordinal);
  return isChosen(server, model) ? all.map((one) => [one]) : [all];
}

/** On all that its backend may take, as one: the sets that are there, and what its config names besides. */
function setsFor(server: Server, { id, deviceSets }: Model): readonly (readonly number[])[] {
  const gpus = gpusOf(server);
  const there = deviceSets.filter((set) => set.every((one) => gpus.includes(one))).flat();
  const config = server.configs.get(id);
  const named = config?.kind === 'gpu' ? config.gpus : [];
  return there.length === 0 ? [] : [gpus.filter((one) => [...there, ...named].includes(one))];
}

/** How many copies of a model these devices hold: a set of them holds one. */
export const copiesOn = (model: Model, devices: readonly number[]): number =>
  model.deviceSets.length > 0 ? 1 : Math.max(1, devices.length);

/** Where something goes that a model brings along: to the model's device where Berth chooses, else to all. */
export function devicesBeside(server: Server, model: Model, devices: readonly number[]): readonly number[] {
  if (model.deviceSets.length > 0) return setsFor(server, model)[0] ?? [];
  if (model.config === null && isOnProcessor(server, model.id)) return [];
  if (isChosen(server, model) && devices.length > 0) return devices.slice(0, 1);
  return (server.devices ?? []).map(({ ordinal }) => ordinal);
}

/** Everything a model needs on its server, and what that needs. */
export function needsOf(fleet: Fleet, id: ModelId): ReadonlySet<ModelId> {
  const found = new Set<ModelId>();
  const open = [id];
  for (let one = open.pop(); one; one = open.pop()) {
    for (const needed of [...(fleet.models.get(one)?.dependsOn ?? []), ...(fleet.steps.get(one) ?? [])]) {
      if (!found.has(needed)) open.push(needed);
      found.add(needed);
    }
  }
  return found;
}

export const at = (fleet: Fleet, id: ModelId, server: Server): Replica | undefined =>
  fleet.replicas.get(replicaId(id, server.spec.id));

/** What is there that could not do without this replica. */
export const leaningOn = (fleet: Fleet, { model, server }: Replica): readonly Replica[] =>
  [...fleet.replicas.values()].filter(
    (one) => one.server === server && one.model !== model && needsOf(fleet, one.model).has(model),
  );

/** Whether a copy only fails and is to be replaced: then it counts for nothing. */
export const isReplaced = (fleet: Fleet, replica: Replica): boolean =>
  replica.phase === 'ready' &&
  (replica.pulse?.failures ?? 0) >= 3 &&
  fleet.models.get(replica.model)!.onFailing === 'replace';

export function add(total: Map<AccountId, Bytes>, bookings: readonly Booking[]): void {
  for (const { account, bytes } of bookings) total.set(account, (total.get(account) ?? 0) + bytes);
}

/** Takes bookings from room, or gives them back; where an account has no limit there is nothing to take from. */
export function take(room: Map<AccountId, Bytes>, bookings: readonly Booking[], times: 1 | -1 = 1): void {
  for (const { account, bytes } of bookings) {
    const left = room.get(account);
    if (left !== undefined) room.set(account, left - times * bytes);
  }
}

/** What each account may hold; those without a limit are not listed. */
export function capacitiesOf(fleet: Fleet): Map<AccountId, Bytes> {
  const found = new Map<AccountId, Bytes>();
  const limit = (account: AccountId, bytes: Bytes): void => {
    found.set(account, Math.min(found.get(account) ?? Infinity, bytes));
  };
  for (const { spec, devices } of fleet.servers.values()) {
    for (const { account, kind, capacity } of devices ?? []) {
      limit(account, kind === 'gpu' ? capacity : (spec.hostMemory ?? capacity));
    }
    if (spec.hostMemory !== null) limit(hostAccount(spec.host), spec.hostMemory);
  }
  return found;
}

/** What is free at this moment, and what is once all have left that leave and all are loaded that were given a place. */
export function roomIn(fleet: Fleet, now: Instant): { readonly free: Amounts; readonly spare: Amounts } {
  const free = capacitiesOf(fleet);
  const spare = capacitiesOf(fleet);
  for (const replica of fleet.replicas.values()) {
    if (replica.phase !== 'placed') take(free, replica.bookings);
    if (!isLeaving(fleet, replica, now)) take(spare, replica.bookings);
  }
  for (const { bookings } of fleet.reloads.values()) take(spare, bookings);
  return { free, spare };
}

/** What is loaded anew comes back. An unload that outlasts its bound may never come to an end: its memory is not counted on. */
function isLeaving(fleet: Fleet, replica: Replica, now: Instant): boolean {
  if (fleet.reloads.has(replica.id)) return false;
  if (replica.phase === 'draining') return true;
  if (replica.phase !== 'unloading') return false;
  return now < (replica.answeredAt ?? replica.orderedAt) + fleet.limits.stuckAfter;
}

export const isWithin = (needs: Amounts, room: Amounts): boolean =>
  [...needs].every(([account, bytes]) => bytes <= (room.get(account) ?? Infinity));

/** One way to put one more copy of a model somewhere. */
export interface Way {
  readonly server: Server;
  readonly devices: readonly number[];
  readonly needs: Amounts;
}

/**
 * How loosely something fits on a server: the share its tightest GPU has left then, or the host where it is on none; and,
 * where the host is limited, how far that is from what its GPUs have left in all.
 */
export function looseness(fleet: Fleet, { spec }: Server, needs: Amounts, spare: Amounts): number {
  const capacities = capacitiesOf(fleet);
  const host = hostAccount(spec.host);
  const left = (accounts: readonly AccountId[]): number => {
    const total = accounts.reduce((sum, one) => sum + (capacities.get(one) ?? 0), 0);
    const rest = accounts.reduce((sum, one) => sum + (spare.get(one) ?? 0) - (needs.get(one) ?? 0), 0);
    return total > 0 ? rest / total : 0;
  };
  const onGpus = [...needs.keys()].filter((one) => one !== host);
  const drawn = onGpus.length > 0 || !needs.has(host) ? onGpus : [host];
  const tightest = Math.min(1, ...drawn.map((one) => (capacities.has(one) ? left([one]) : 0)));
  const beside = [...fleet.servers.values()].filter((one) => one.spec.host === spec.host);
  const gpus = beside.flatMap(({ devices }) => (devices ?? []).filter(({ kind }) => kind === 'gpu'));
  const pool = gpus.map(({ account }) => account);
  const isSkewed = capacities.has(host) && pool.some((one) => capacities.get(one)! > 0);
  const skew = isSkewed ? Math.abs(left([host]) - left(pool)) : 0;
  return Math.round(1e9 * (tightest + skew)) / 1e9;
}
