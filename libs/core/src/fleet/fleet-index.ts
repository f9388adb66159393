import type { LoadTimes } from '../learned/load-times.js';
import type { Purse } from '../memory/purses.js';
import type { Fleet } from './fleet-state.js';
import type { AccountId, ServerId } from './ids.js';
import type { Indexes } from './indexes.js';
import type { Millis } from './model.js';
import type { Replica } from './replica.js';
import { dropRoom } from './room-indexes.js';
import type { ModelLists } from './standing-models.js';

/**
 * What is worked out from the rest of a fleet and kept, so that a turn costs what it is about and not what there is. It
 * is no fact: a recording leaves it out, and a copy of a fleet begins with none of it. Each part is worked out when it
 * is first asked for.
 */
export interface FleetIndex {
  /** From `replicas`, and the settings that say when each may go: then `put` and `forget` keep it in step. */
  replicas: Indexes | null;
  /** The replicas that are not simply ready. From `replicas`: outdated once one of them is written down or ends. */
  unsettled: readonly Replica[] | null;
  /** From `models`: outdated once any of them changes. */
  models: ModelLists | null;
  /** The devices and hosts of each account. From `servers`: outdated once one comes, goes or has other devices or another host. */
  purses: ReadonlyMap<AccountId, readonly Purse[]> | null;
  /** How long loads take for their size, on all servers together. From the pace of each: outdated once one changes or goes. */
  pace: { readonly common: LoadTimes | null } | null;
  /** By how much the looks at each server lie beside those at others. From its id: never outdated. */
  readonly shifts: Map<ServerId, Millis>;
}

/** Of a fleet from which nothing was worked out yet. */
export const newIndex = (): FleetIndex => ({
  replicas: null,
  unsettled: null,
  models: null,
  purses: null,
  pace: null,
  shifts: new Map(),
});

/** What is known of models has changed. */
export function modelsChanged({ index }: Fleet): void {
  index.models = null;
}

/** There are other servers, or one has other devices, or another host. */
export function accountsChanged(fleet: Fleet): void {
  fleet.index.purses = null;
  devicesChanged(fleet);
}

/** What room there is on a server, or on all, is found anew: their devices are others, or of another size. */
export function devicesChanged({ index }: Fleet, server?: ServerId): void {
  if (index.replicas) dropRoom(index.replicas, server);
}

/** A server's pace is another, or has gone with it. */
export function pacesChanged({ index }: Fleet): void {
  index.pace = null;
}
