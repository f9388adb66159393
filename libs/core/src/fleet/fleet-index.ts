import type { AccountOwner } from '../memory/account-owners.js';
import type { LoadTimes } from './kept.js';
import type { Fleet } from './fleet-state.js';
import type { AccountId, ServerId } from './ids.js';
import type { Indexes } from './indexes.js';
import type { Millis } from './model.js';
import type { Replica } from './replica.js';
import type { ModelLists } from './fleet.js';
import type { WaitingIndex } from './waiting.js';

/**
 * Caches of what follows from the rest of a fleet, so that a turn costs no more in a larger fleet. They are no facts: a
 * recording leaves them out, and a copy of a fleet begins without them. Each is computed when it is first read, and null
 * before that and once it is outdated.
 */
class FleetIndex {
  /** From `replicas`, and the settings that say when each may go. `put` and `forget` keep it up to date. */
  replicas: Indexes | null = null;
  /** The replicas that are not settled. From `replicas`. */
  unsettled: Unsettled | null = null;
  /** From `models`. */
  models: ModelLists | null = null;
  /** What draws on each account. From `servers`, their devices and hosts. */
  owners: ReadonlyMap<AccountId, readonly AccountOwner[]> | null = null;
  /** How long loads take for their size, on all servers together. From the pace of each server. */
  pace: { readonly common: LoadTimes | null } | null = null;
  /** The requests that wait, by model. From `waiting`: `beginWaiting` and `endWaiting` keep it up to date. */
  waiting: WaitingIndex | null = null;
  /** By how much the looks at each server are shifted against those at other servers. From its id: never outdated. */
  readonly shifts = new Map<ServerId, Millis>();
}

/** The replicas that are not settled, and the same by server and by account: grouped when first asked for. */
export interface Unsettled {
  readonly all: readonly Replica[];
  byServer: ReadonlyMap<ServerId, readonly Replica[]> | null;
  /** By the accounts on which they hold memory or are promised it. */
  byAccount: ReadonlyMap<AccountId, readonly Replica[]> | null;
}

export const newIndex = (): FleetIndex => new FleetIndex();

/** Outdates what follows from the accounts: a server came or went, or has other devices or another host. */
export function accountsChanged(fleet: Fleet): void {
  fleet.index.owners = null;
}
