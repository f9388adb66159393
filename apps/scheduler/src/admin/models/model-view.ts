import { Now } from '#core';
import {
  type AccountId,
  failuresOf,
  type Fleet,
  gpuAccount,
  idleUnloadAt,
  type Instant,
  isSpread,
  lastFailure,
  leasedUntil,
  measuredOn,
  type Memory,
  type ModelId,
  modelState,
  nextTryAt,
  type Replica,
  replicaFlags,
  replicasOf,
  reservationOf,
  waitingFor,
} from '#core';
import type { CopyMessage, ModelMessage } from '#contracts';
import type { WallTimes } from '../../transport/wall-times.js';
import { mib, pinNow } from './core-model.js';
import type { Entry } from './layers.js';

/** What the views look at: the fleet as it is, and when. */
export interface Scene {
  readonly fleet: Readonly<Fleet>;
  readonly now: Instant;
  readonly times: WallTimes;
  /** The memory arithmetic of that moment. */
  readonly memory: (account: AccountId) => Memory;
}

/** A model as it is told: what was declared of it, and where it is. */
export function modelView(entry: Entry, scene: Scene): ModelMessage {
  const { fleet, now, times } = scene;
  const id = entry.name as ModelId;
  const { effective } = entry;
  const pin = pinNow(effective, times);
  const failure = lastFailure(fleet, id);
  return {
    name: entry.name,
    source: entry.source,
    revision: String(entry.revision),
    enabled: effective.enabled,
    labels: effective.labels,
    spec: entry.spec,
    effective: { ...effective },
    pin: pin && { ...pin, schedule: null },
    state: modelState(fleet, id, new Now(now)),
    copies: replicasOf(fleet, id).flatMap((replica) => copiesView(replica, scene)),
    waiting: waitingFor(fleet, id),
    lastFailure: failure && { at: times.told(failure.at), cause: failure.cause },
    nextTryAt: times.toldOrNull(nextTryAt(fleet, id, new Now(now))),
    lastUnload: lastUnloadView(id, scene),
  };
}

function lastUnloadView(id: ModelId, { fleet, times }: Scene): ModelMessage['lastUnload'] {
  const last = fleet.lastUnloads.get(id);
  return last ? { at: times.told(last.at), reason: last.cause, for: last.makesRoomFor } : null;
}

/**
 * One entry for each device that holds a copy; one without a device where none is known, and for a copy that its backend
 * spreads over several.
 */
function copiesView(replica: Replica, { fleet, now, times }: Scene): CopyMessage[] {
  const ready = replica.phase === 'ready' ? replica : null;
  const inUseUntil =
    replica.phase === 'ready' || replica.phase === 'draining' ? leasedUntil(fleet, replica) : null;
  const shared = {
    server: replica.server,
    phase: replica.phase,
    since: times.told(replica.since),
    flags: replicaFlags(fleet, replica, new Now(now)),
    lastUsedAt: times.toldOrNull(ready && ready.lastUse),
    inUseUntil: inUseUntil !== null && inUseUntil > now ? times.told(inUseUntil) : null,
    idleUnloadAt: times.toldOrNull(ready && idleUnloadAt(fleet, ready)),
    failures: failuresOf(fleet, replica, new Now(now)),
  };
  const isOne = replica.devices.length === 0 || isSpread(fleet.models.get(replica.model));
  const devices = isOne ? [null] : replica.devices;
  return devices.map((device) => {
    return { ...shared, device, memoryMb: memoryMb(fleet, replica, device) };
  });
}

/**
 * What a copy is booked with on its devices and why so much, and what it was measured to hold. Where it books nothing on a GPU,
 * what it books on the host.
 */
function memoryMb(fleet: Scene['fleet'], replica: Replica, device: number | null): CopyMessage['memoryMb'] {
  const server = fleet.servers.get(replica.server)!;
  const devices = device === null ? replica.devices : [device];
  const measured = devices.map((one) => measuredOn(server, replica.model, one));
  const isMeasured = measured.length > 0 && measured.every((bytes) => bytes !== null);
  const accounts = devices.map((one): AccountId => gpuAccount(replica.server, one));
  const onGpus = bookedOn(replica, (account) => accounts.includes(account));
  const { hostDeclared } = fleet.models.get(replica.model) ?? fleet.defaults;
  const onHost = hostDeclared ? 'declared' : 'default';
  return {
    reserved: mib(onGpus ?? bookedOn(replica, (account) => account.startsWith('host:')) ?? 0),
    measured: isMeasured ? mib(sum(measured)) : null,
    basis: onGpus === null ? onHost : reservationOf(fleet, server, replica.model).basis,
  };
}

/** What the copy books on these accounts; null where it books nothing there. */
function bookedOn({ bookings }: Replica, isMeant: (account: AccountId) => boolean): number | null {
  const mine = bookings.filter(({ account }) => isMeant(account));
  return mine.length > 0 ? sum(mine.map(({ bytes }) => bytes)) : null;
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0);
