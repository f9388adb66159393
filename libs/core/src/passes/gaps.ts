import type { Fleet } from '../fleet.js';
import { isBookedBySteps, isOnHost, reservationOf } from '../footprint.js';
import { indexesOf } from '../indexes.js';
import type { Bytes, Model } from '../model.js';
import type { Gap, Gaps } from '../offer.js';
import type { Device, Server } from '../server.js';

/** What the GPUs of a server have beside what rests there. It is kept until a replica or the devices change. */
export function gapsOn(fleet: Readonly<Fleet>, server: Server): Gaps {
  const { gaps, held } = indexesOf(fleet);
  const known = gaps.get(server.spec.id);
  const devices = server.devices ?? [];
  if (known && isOfSize(known, devices)) return known;
  const gpus: Gap[] = [];
  for (const { kind, account, capacity } of devices) {
    if (kind === 'gpu') gpus.push({ account, gap: capacity - (held.get(account) ?? 0) });
  }
  const isAll = gpus.length > 0 && gpus.length === devices.length;
  const most = isAll ? Math.max(...gpus.map(({ gap }) => gap)) : Infinity;
  const found = { devices, gpus, most, harms: new Map(), uses: 0 };
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

/** What a model books at least of some GPU wherever it is put on a server; less than nothing where it may be on none. */
export function leastOnGpu(fleet: Readonly<Fleet>, server: Server, model: Model): Bytes {
  const { id, config } = model;
  const isOnNone = (config === null && isOnHost(server, id)) || isBookedBySteps(fleet, id);
  return isOnNone ? -Infinity : reservationOf(fleet, server, id).bytes;
}

/** What a model is short of on some GPU wherever it is put on a server; nothing, or less, where there may be room. */
export const leastShort = (fleet: Readonly<Fleet>, server: Server, model: Model): Bytes =>
  leastOnGpu(fleet, server, model) - gapsOn(fleet, server).most;
