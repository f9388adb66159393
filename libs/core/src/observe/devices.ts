import { type Fleet, forget, put, replicasOn } from '../fleet/fleet.js';
import { devicesFound } from '../memory/footprint.js';
import { gpuAccount, hostAccount } from '../fleet/ids.js';
import { accountsChanged } from '../fleet/fleet-index.js';
import type { Look, MetricsSample } from '../looks/look.js';
import type { Instant, Millis } from '../fleet/model.js';
import { heldOn, hiddenOn } from '../fleet/meter.js';
import type { Replica } from '../fleet/replica.js';
import type { Device, Server } from '../fleet/server.js';
import { isJustBorn, isUnsized } from '../fleet/standing.js';
import { rebook } from './declared.js';

/** Kept free on a device that was not declared, for CUDA contexts and Triton's own pool. */
const HEADROOM_FOUND = 1024 * 2 ** 20;
/** Another number of GPUs is believed once looks in a row show it for so long: looks are 10 s apart at most. */
const STEADY: Millis = 15_000;

/** Takes the devices of a server from the metrics; what is booked there follows them. */
export function findDevices(fleet: Fleet, server: Server, { metrics, begunAt }: Look): void {
  const before = server.devices ?? [];
  server.devices = devicesNow(fleet, server, metrics, begunAt);
  const after = server.devices ?? [];
  if (areAlike(before, after, ['ordinal', 'kind', 'account'])) return;
  accountsChanged(fleet);
  for (const replica of replicasOn(fleet, server.spec.id)) refit(fleet, server, replica, before);
  rebook(fleet, server);
}

/**
 * The devices as the metrics show them where none were declared. Where they tell nothing, the last known ones stay,
 * unmeasured: those of an earlier process as long as the present one is young.
 */
function devicesNow(
  fleet: Fleet,
  server: Server,
  metrics: MetricsSample | null,
  begunAt: Instant,
): readonly Device[] | null {
  const { spec, devices, found, incarnation } = server;
  if (metrics !== null && spec.devices !== null) return measured(server, metrics);
  if (!tellsMemory(spec, metrics)) {
    if (found) server.found = { ...found, other: null };
  } else if (isBelieved(fleet, server, metrics, begunAt)) {
    server.found = { incarnation, other: null };
    return devicesFrom(server, metrics);
  }
  if (isUnsized(server) && !isJustBorn(server, begunAt)) return null;
  return devices && devices.map((device) => ({ ...device, used: null }));
}

type Gpu = MetricsSample['gpus'][number];

/** Triton writes 0 for what it could not read, or has not read yet. */
const tellsMemory = (spec: Server['spec'], metrics: MetricsSample | null): metrics is MetricsSample =>
  metrics !== null &&
  (metrics.gpus.length > 0
    ? metrics.gpus.every(saysItsSize)
    : (spec.hostMemory ?? metrics.hostMemory) !== null);

const saysItsSize = ({ memory }: Gpu): boolean => memory > 0;

/** More in use than there is means nothing. */
const saysItsUse = (gpu: Gpu): boolean => saysItsSize(gpu) && gpu.used <= gpu.memory;

/**
 * A process of Triton keeps its GPUs, but its metrics may miss some of them. So another number of GPUs is believed only
 * when it lasts, and never while something is booked on a GPU that would be gone.
 */
function isBelieved(fleet: Fleet, server: Server, { gpus }: MetricsSample, begunAt: Instant): boolean {
  const { devices, found, incarnation } = server;
  if (devices === null || found?.incarnation !== incarnation) return true;
  const known = devices.filter(({ kind }) => kind === 'gpu');
  if (known.length === gpus.length) return true;
  const since = found.other?.gpus === gpus.length ? found.other.since : begunAt;
  server.found = { incarnation, other: { gpus: gpus.length, since } };
  return begunAt >= since + STEADY && !isBooked(fleet, server, known.slice(gpus.length));
}

function isBooked(fleet: Fleet, server: Server, devices: readonly Device[]): boolean {
  const there = replicasOn(fleet, server.spec.id).filter(({ phase }) => phase !== 'placed');
  return devices.some(
    ({ account }) => hiddenOn(account, server) > 0 || there.some((one) => heldOn(account, one) > 0),
  );
}

/**
 * The devices are others than before: what is only promised is placed anew. A copy that was booked on all devices is
 * booked as if it had just been found.
 */
function refit(fleet: Fleet, server: Server, replica: Replica, before: readonly Device[]): void {
  if (replica.phase === 'placed') return forget(fleet, replica);
  const isOnAll = before.every(({ ordinal }) => replica.devices.includes(ordinal));
  const devices = isOnAll ? devicesFound(fleet, server, replica.model) : replica.devices;
  put(fleet, { ...replica, devices });
}

/** Whether there are as many devices as before, and each has the same values. */
const areAlike = (
  some: readonly Device[],
  others: readonly Device[],
  keys: readonly (keyof Device)[],
): boolean =>
  some.length === others.length &&
  some.every((one, at) => keys.every((key) => one[key] === others[at]![key]));

/**
 * Triton writes its GPUs in the order of a hash table. Of several it cannot be told which has which ordinal: each counts
 * as the smallest, and none is measured.
 */
function devicesFrom({ spec }: Server, { gpus, hostMemory }: MetricsSample): Device[] {
  if (gpus.length > 0) {
    const [only] = gpus.length === 1 ? gpus : [];
    const least = Math.min(...gpus.map(({ memory }) => memory));
    return gpus.map((_, ordinal) => ({
      ordinal,
      uuid: only?.uuid ?? null,
      kind: 'gpu',
      account: gpuAccount(spec.id, ordinal),
      capacity: Math.max(0, least - HEADROOM_FOUND),
      used: only && saysItsUse(only) ? only.used : null,
    }));
  }
  const capacity = spec.hostMemory ?? hostMemory!;
  return [{ ordinal: 0, uuid: null, kind: 'cpu', account: hostAccount(spec.host), capacity, used: null }];
}

/**
 * Declared devices with what the metrics measure, where it can be told which is which. A device that is smaller than
 * declared has a smaller capacity.
 */
function measured({ spec, devices }: Server, { gpus }: MetricsSample): Device[] {
  const [only] = devices?.length === 1 && gpus.length === 1 ? gpus : [];
  return (devices ?? []).map((device, at) => {
    const { uuid, memory, headroom } = spec.devices![at]!;
    const sample = only ?? gpus.find((gpu) => gpu.uuid === uuid);
    const isTrue = sample !== undefined && saysItsUse(sample);
    const total = isTrue ? Math.min(memory, sample.memory) : memory;
    const capacity = Math.max(0, total - headroom);
    return { ...device, uuid: uuid ?? only?.uuid ?? null, capacity, used: isTrue ? sample.used : null };
  });
}
