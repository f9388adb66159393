import type { Fleet } from '../fleet/fleet.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import { ownersOf } from './account-owners.js';
import type { Memory } from '../explain/view.js';

/** The memory of a host, as it is booked. It is not measured. */
export interface HostMemory extends Memory {
  readonly host: string;
  /** Where its capacity is from: the declaration of a server, or the metrics of a server without any GPU. */
  readonly basis: 'declared' | 'found';
}

/** The memory of one host; null where it has no limit. */
export function hostMemoryOf(
  fleet: Readonly<Fleet>,
  host: string,
  memory: (account: AccountId) => Memory,
): HostMemory | null {
  const account = hostAccount(host);
  const amounts = memory(account);
  if (!Number.isFinite(amounts.capacity)) return null;
  const isDeclared = ownersOf(fleet, account).some(({ server }) => server.spec.hostMemory !== null);
  return { host, ...amounts, basis: isDeclared ? 'declared' : 'found' };
}

/** The memory of each host where it has a limit. */
export function hostMemories(
  fleet: Readonly<Fleet>,
  memory: (account: AccountId) => Memory,
): readonly HostMemory[] {
  const hosts = new Set(Array.from(fleet.servers.values(), ({ spec }) => spec.host));
  return Array.from(hosts, (host) => hostMemoryOf(fleet, host, memory)).filter((one) => one !== null);
}
