import { appendTo } from '../numbers/groups.js';
import type { Fleet } from '../fleet/fleet-state.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import type { Device, Server } from '../fleet/server.js';

/** What draws on an account: a device of a server, by its index among them, or (null) the server on its host's memory. */
export interface Purse {
  readonly server: Server;
  readonly device: number | null;
}

/** The device of a purse as it is now. */
export const deviceOf = ({ server, device }: Purse): Device | undefined =>
  device === null ? undefined : server.devices?.[device];

/** All that draws on an account, each server once on that of its host. */
export const pursesOf = (fleet: Readonly<Fleet>, account: AccountId): readonly Purse[] =>
  pursesByAccount(fleet).get(account) ?? [];

export function pursesByAccount({
  index,
  servers,
}: Readonly<Fleet>): ReadonlyMap<AccountId, readonly Purse[]> {
  if (index.purses) return index.purses;
  const purses = new Map<AccountId, Purse[]>();
  for (const server of servers.values()) {
    const host = hostAccount(server.spec.host);
    const devices = server.devices ?? [];
    if (devices.every(({ account }) => account !== host)) appendTo(purses, host, { server, device: null });
    for (const [device, { account }] of devices.entries()) appendTo(purses, account, { server, device });
  }
  index.purses = purses;
  return purses;
}
