import type { Fleet } from '../fleet/fleet.js';
import { isBookedBySteps, isOnHost, reservationOf } from '../memory/footprint.js';
import { indexesOf } from '../fleet/indexes.js';
import { madeOnce } from '../numbers/groups.js';
import type { AccountId } from '../fleet/ids.js';
import type { Bytes, Model } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';

/** The gaps of a server: what its GPUs could have free if nothing were evicted. */
export interface Gaps {
  readonly gpus: readonly { readonly account: AccountId; readonly gap: Bytes }[];
  /** The largest; Infinity on a server that has not only GPUs. */
  readonly most: Bytes;
}

/** The gaps on the GPUs of a server beside what stays there. They are kept until a replica or the devices change. */
export const gapsOn = (fleet: Readonly<Fleet>, server: Server): Gaps =>
  madeOnce(indexesOf(fleet).gaps, server.spec.id, () => gapsNow(fleet, server));

function gapsNow(fleet: Readonly<Fleet>, server: Server): Gaps {
  const { staying } = indexesOf(fleet);
  const devices = server.devices ?? [];
  const gpus = devices.flatMap(({ kind, account, capacity }) =>
    kind === 'gpu' ? [{ account, gap: capacity - (staying.get(account) ?? 0) }] : [],
  );
  const isAll = gpus.length > 0 && gpus.length === devices.length;
  const most = isAll ? Math.max(...gpus.map(({ gap }) => gap)) : Infinity;
  return { gpus, most };
}

/** Whether a server may have so much room without an eviction. */
export const mayHaveRoom = (fleet: Readonly<Fleet>, server: Server, bytes: Bytes): boolean =>
  bytes <= gapsOn(fleet, server).most;

/**
 * Tells the least that a model books on some GPU of a server; -Infinity where it may book on none. It is worked out once
 * for all servers: for most models it is the same everywhere.
 */
export function leastOnGpu(
  fleet: Readonly<Fleet>,
  { id, config, gpuDeclared }: Model,
): (server: Server) => Bytes {
  if (isBookedBySteps(fleet, id)) return () => -Infinity;
  const bytesOn = (server?: Server): Bytes => reservationOf(fleet, server, id).bytes || -Infinity;
  if (config === null) return (server) => (isOnHost(server, id) ? -Infinity : bytesOn(server));
  if (!gpuDeclared) return bytesOn;
  const bytes = bytesOn();
  return () => bytes;
}
