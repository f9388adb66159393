import type { Fleet } from '../fleet/fleet.js';
import { hostAccount } from '../fleet/ids.js';
import type { Bytes } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import type { Ledger } from '../memory/ledger.js';
import { ownersOf } from '../memory/account-owners.js';

/** The room that one server brings. */
export interface ServerRoom {
  readonly gpus: number;
  /** All its GPUs together. */
  readonly gpuBytes: Bytes;
  /** Its part of its host's memory; Infinity where that has no limit. */
  readonly hostBytes: Bytes;
}

/**
 * The room of the server in the middle by size, the smaller one of two; null where no devices are known. Where any server
 * has GPUs only these count. Drained and lost servers count, too: they say which kind the fleet is made of.
 */
export function medianServer(fleet: Readonly<Fleet>, ledger: Ledger): ServerRoom | null {
  const rooms: ServerRoom[] = [];
  for (const server of fleet.servers.values()) {
    if ((server.devices?.length ?? 0) > 0) rooms.push(roomOf(fleet, ledger, server));
  }
  const withGpus = rooms.filter(({ gpus }) => gpus > 0);
  const sorted = (withGpus.length > 0 ? withGpus : rooms).toSorted(
    (a, b) => a.gpuBytes - b.gpuBytes || compareSizes(a.hostBytes, b.hostBytes),
  );
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** Two that are infinite are alike. */
const compareSizes = (a: Bytes, b: Bytes): number => (a === b ? 0 : a - b);

/** The room of one server, less what others hold of it. */
export function roomOf(fleet: Readonly<Fleet>, ledger: Ledger, { spec, devices }: Server): ServerRoom {
  const host = hostAccount(spec.host);
  let [gpus, gpuBytes] = [0, 0];
  for (const { kind, account } of devices ?? []) {
    if (kind !== 'gpu') continue;
    gpus += 1;
    gpuBytes += ledger.of(account).capacity;
  }
  const sharing = Math.max(1, ownersOf(fleet, host).length);
  return { gpus, gpuBytes, hostBytes: ledger.of(host).capacity / sharing };
}
