import type { Fleet } from '../fleet.js';
import { isBookedBySteps, isOnHost, reservationOf } from '../footprint.js';
import { indexesOf } from '../indexes.js';
import type { Bytes, Model } from '../model.js';
import type { Gap, Gaps } from '../offer.js';
import type { Device, Server } from '../server.js';

/** What the GPUs of a server have beside what stays there. It is kept until a replica or the devices change. */
export function gapsOn(fleet: Readonly<Fleet>, server: Server): Gaps {
  const { gaps, staying } = indexesOf(fleet);
  const known = gaps.get(server.spec.id);
  const devices = server.devices ?? [];
  if (known && isOfSize(known, devices)) return known;
  const gpus: Gap[] = [];
  for (const { kind, account, capacity } of devices) {
    if (kind === 'gpu') gpus.push({ account, gap: capacity - (staying.get(account) ?? 0) });
  }
  const isAll = gpus.length > 0 && gpus.length === devices.length;
  const most = isAll ? Math.max(...gpus.map(({ gap }) => gap)) : Infinity;
  const found = { devices, gpus, most, harms: new Map() };
  gaps.set(server.spec.id, found);
  return found;
}

/** Whether the devices are as large as they were; each look tells anew what is in use on them. */
function isOfSize(known: Gaps, devices: readonly Device[]): boolean {
  if (known.devices === devices) return true;
  const isSame =
    known.devices.length === devices.length && known.devices.every((one, at) => isAlike(one, devices[at]!));
  if (isSame) known.devices = devices;
  return isSame;
}

const isAlike = (one: Device, other: Device): boolean =>
  one.account === other.account && one.kind === other.kind && one.capacity === other.capacity;

/**
 * Tells what a model books at least of some GPU wherever it is put on a server; less than nothing where it may be on none.
 * Whoever goes over all servers asks once: of most models it is the same everywhere.
 */
export function leastOnGpu(
  fleet: Readonly<Fleet>,
  { id, config, sizesDeclared }: Model,
): (server: Server) => Bytes {
  if (isBookedBySteps(fleet, id)) return () => -Infinity;
  if (config === null)
    return (server) => (isOnHost(server, id) ? -Infinity : reservationOf(fleet, server, id).bytes);
  if (!sizesDeclared) return (server) => reservationOf(fleet, server, id).bytes;
  const { bytes } = reservationOf(fleet, undefined, id);
  return () => bytes;
}

/** Tells what a model is short of on some GPU wherever it is put on a server; nothing, or less, where there may be room. */
export function leastShort(fleet: Readonly<Fleet>, model: Model): (server: Server) => Bytes {
  const bytesOn = leastOnGpu(fleet, model);
  return (server) => bytesOn(server) - gapsOn(fleet, server).most;
}
