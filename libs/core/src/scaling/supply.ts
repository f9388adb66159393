import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { standingOf } from '../fleet/standing.js';
import { Ledger } from '../memory/ledger.js';
import { type Holdings, holdingsOf } from './holdings.js';
import { medianServer, roomOf, type ServerRoom } from './median-server.js';
import { type ModelNeed, modelNeeds } from './model-needs.js';

/** What is needed, and the servers that are there for it. */
export interface Supply {
  readonly holdings: ReadonlyMap<ModelId, Holdings>;
  readonly needs: ReadonlyMap<ModelId, ModelNeed>;
  /** The median server; null where no devices are known. */
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

export function supplyOf(fleet: Readonly<Fleet>, now: Instant): Supply {
  const ledger = new Ledger(fleet, now);
  const holdings = holdingsOf(fleet, now);
  const needs = modelNeeds(fleet, holdings, now);
  const room = medianServer(fleet, ledger);
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

function isAtHand(server: Server, now: Instant): boolean {
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

export function total<One>(all: Iterable<One>, sizeOf: (one: One) => number): number {
  let sum = 0;
  for (const one of all) sum += sizeOf(one);
  return sum;
}
