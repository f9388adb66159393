import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { settingsOf } from '../fleet/idle-rule.js';
import type { ModelId } from '../fleet/ids.js';
import type { Bytes, Millis, ModelSettings } from '../fleet/model.js';
import type { Ready, Replica } from '../fleet/replica.js';
import { DEFAULTS } from '../fleet/settings.js';
import { madeOnce } from '../numbers/groups.js';
import { copiesOf, isSolidCopy } from '../memory/pins.js';

/** What all replicas of one model come to. */
export interface Holdings {
  /** Copies that were used lately. */
  used: number;
  /** Ready copies on servers that stay. */
  solid: number;
  /** On how many servers it is ready. */
  servers: number;
  /** The most that any replica books on one GPU, and on its host. */
  gpuBytes: Bytes;
  hostBytes: Bytes;
  /** The GPUs of one replica. */
  devices: number;
}

/** A request counts as demand for so long at least, whatever became of it. */
const ASKED_FOR: Millis = 60_000;

/** How long a model counts as needed after its last use: its idle time, where it has one, but a minute at least. */
export const neededFor = ({ idleUnload }: Pick<ModelSettings, 'idleUnload'>): Millis =>
  Math.max(ASKED_FOR, idleUnload ?? DEFAULTS.idleUnload!);

/** The holdings of each model of which there is any replica: all of them are gone over once. */
export function holdingsOf(fleet: Readonly<Fleet>, now: Now): ReadonlyMap<ModelId, Holdings> {
  const all = new Map<ModelId, Holdings>();
  for (const replica of fleet.replicas.values()) {
    const holdings = madeOnce(all, replica.model, noHoldings);
    addBookings(holdings, replica);
    if (replica.phase === 'ready') addReady(fleet, holdings, replica, now);
  }
  return all;
}

const noHoldings = (): Holdings => {
  return { used: 0, solid: 0, servers: 0, gpuBytes: 0, hostBytes: 0, devices: 1 };
};

function addBookings(holdings: Holdings, { bookings, devices }: Replica): void {
  for (const { account, bytes } of bookings) {
    if (isOfHost(account)) holdings.hostBytes = Math.max(holdings.hostBytes, bytes);
    else holdings.gpuBytes = Math.max(holdings.gpuBytes, bytes);
  }
  holdings.devices = Math.max(holdings.devices, devices.length);
}

export const isOfHost = (account: string): boolean => account.startsWith('host:');

function addReady(fleet: Readonly<Fleet>, holdings: Holdings, replica: Ready, now: Now): void {
  const copies = copiesOf(fleet, replica);
  holdings.servers += 1;
  if (wasUsedLately(fleet, replica, now)) holdings.used += copies;
  if (isSolidCopy(fleet, replica)) holdings.solid += copies;
}

/** Whether a copy was used within the time for which its model counts as needed, or is leased. */
const wasUsedLately = (fleet: Readonly<Fleet>, replica: Ready, now: Now): boolean =>
  !now.has(replica.inUseUntil) || now.stamp - replica.lastUse < neededFor(settingsOf(fleet, replica));
