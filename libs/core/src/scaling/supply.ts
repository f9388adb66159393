import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { hostAccount, type ModelId } from '../fleet/ids.js';
import type { Bytes } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { standingOf } from '../fleet/standing.js';
import { Ledger } from '../memory/ledger.js';
import { type Holdings, holdingsOf } from './holdings.js';
import { type ModelNeed, modelNeeds } from './model-needs.js';
import { total } from '../numbers/groups.js';
import { ownersOf } from '../memory/account-owners.js';

/** What is needed, and the servers that are there for it. */
export interface Supply {
  readonly holdings: ReadonlyMap<ModelId, Holdings>;
  readonly needs: ReadonlyMap<ModelId, ModelNeed>;
  /** The median server, or that of the servers seen last; null where no devices were ever known. */
  readonly room: ServerRoom | null;
  /** The servers that are reached and do not drain. */
  readonly present: readonly Server[];
  /** Memory of the kind that counts: of GPUs, or of hosts where the median server has none. */
  readonly wantedBytes: Bytes;
  readonly heldBytes: Bytes;
  readonly capacityBytes: Bytes;
  readonly bytesOf: (server: Server) => Bytes;
  readonly sizeOf: (need: ModelNeed) => Bytes;
}

export function supplyOf(fleet: Readonly<Fleet>, now: Now, seen: ServerRoom | null): Supply {
  const ledger = new Ledger(fleet, now);
  const holdings = holdingsOf(fleet, now);
  const needs = modelNeeds(fleet, holdings, now);
  const room = medianServer(fleet, ledger) ?? seen;
  const isGpu = room === null || room.gpus > 0;
  const present = [...fleet.servers.values()].filter((server) => isAtHand(server, now));
  const sizeOf = ({ gpus, gpuBytes, hostBytes }: ModelNeed): Bytes => (isGpu ? gpus * gpuBytes : hostBytes);
  const bytesOf = (server: Server): Bytes => {
    const { gpuBytes, hostBytes } = roomOf(fleet, ledger, server);
    return isGpu ? gpuBytes : hostBytes;
  };
  return {
    ...{ holdings, needs, room, present, sizeOf, bytesOf },
    wantedBytes: total(needs.values(), sizeOf),
    heldBytes: bytesHeld(fleet, ledger, isGpu ? 'gpu' : 'cpu'),
    capacityBytes: total(present, bytesOf),
  };
}

function isAtHand(server: Server, now: Now): boolean {
  const standing = standingOf(server, now);
  return server.drain === null && standing !== 'lost' && standing !== 'connecting';
}

function bytesHeld({ servers }: Readonly<Fleet>, ledger: Ledger, meant: 'gpu' | 'cpu'): Bytes {
  const accounts = new Set(
    [...servers.values()].flatMap(({ devices }) =>
      (devices ?? []).filter(({ kind }) => kind === meant).map(({ account }) => account),
    ),
  );
  return total(accounts, (account) => ledger.of(account).held);
}

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
function medianServer(fleet: Readonly<Fleet>, ledger: Ledger): ServerRoom | null {
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
function roomOf(fleet: Readonly<Fleet>, ledger: Ledger, { spec, devices }: Server): ServerRoom {
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
