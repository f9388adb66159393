import type { Fleet } from '../fleet/fleet-state.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import { devicesChanged } from '../fleet/indexes.js';
import type { Server } from '../fleet/server.js';

/** Of an account: a device of a server, by its place among them; or null, all that a server tells of its host. */
export interface Purse {
  readonly server: Server;
  readonly device: number | null;
}

/** Whose devices and memory each account is, of fleets in which that has not changed since it was found. */
const pursesByFleet = new WeakMap<Readonly<Fleet>, ReadonlyMap<AccountId, readonly Purse[]>>();

/** What draws on an account, and so tells how large it is. */
export function pursesOf(fleet: Readonly<Fleet>, account: AccountId): readonly Purse[] {
  let purses = pursesByFleet.get(fleet);
  if (!purses) pursesByFleet.set(fleet, (purses = allPurses(fleet)));
  return purses.get(account) ?? [];
}

/** There are other servers, or one has other devices, or another host. */
export function accountsChanged(fleet: Fleet): void {
  pursesByFleet.delete(fleet);
  devicesChanged(fleet);
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
