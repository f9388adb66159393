import type { Fleet } from '../fleet/fleet.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import { pursesOf } from './purses.js';
import type { Memory } from '../explain/view.js';

/** What the models on a host may book and have booked of its memory. Nothing is measured there. */
export interface HostMemory extends Memory {
  readonly host: string;
  /** Where its capacity is from: a server of the host declares it, or the metrics tell it of a server without any GPU. */
  readonly basis: 'declared' | 'found';
}

/** The memory of one host; null where it is not enforced. */
export function hostMemoryOf(
  fleet: Readonly<Fleet>,
  host: string,
  memory: (account: AccountId) => Memory,
): HostMemory | null {
  const account = hostAccount(host);
  const amounts = memory(account);
  if (!Number.isFinite(amounts.capacity)) return null;
  const isDeclared = pursesOf(fleet, account).some(({ server }) => server.spec.hostMemory !== null);
  return { host, ...amounts, basis: isDeclared ? 'declared' : 'found' };
}

/** That of each host on which it is enforced, once for all of its servers. */
export function hostMemories(
  fleet: Readonly<Fleet>,
  memory: (account: AccountId) => Memory,
): readonly HostMemory[] {
  const hosts = new Set(Array.from(fleet.servers.values(), ({ spec }) => spec.host));
  return Array.from(hosts, (host) => hostMemoryOf(fleet, host, memory)).filter((one) => one !== null);
}
