import type { Fleet } from '../fleet/fleet-state.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';

/** Of an account: a device of a server, by its place among them; or null, all that a server tells of its host. */
export interface Purse {
  readonly server: Server;
  readonly device: number | null;
}

/** What draws on an account, and so tells how large it is. */
export function pursesOf(fleet: Readonly<Fleet>, account: AccountId): readonly Purse[] {
  fleet.index.purses ??= allPurses(fleet);
  return fleet.index.purses.get(account) ?? [];
}

function allPurses(fleet: Readonly<Fleet>): ReadonlyMap<AccountId, readonly Purse[]> {
  const purses = new Map<AccountId, Purse[]>();
  const add = (account: AccountId, purse: Purse): void => {
    const some = purses.get(account);
    if (some) some.push(purse);
    else purses.set(account, [purse]);
  };
  for (const server of fleet.servers.values()) {
    add(hostAccount(server.spec.host), { server, device: null });
    for (const [device, { account }] of (server.devices ?? []).entries()) add(account, { server, device });
  }
  return purses;
}
