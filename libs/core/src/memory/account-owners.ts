import { appendTo } from '../numbers/groups.js';
import type { Fleet } from '../fleet/fleet-state.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import type { Device, Server } from '../fleet/server.js';

/** What draws on an account: a device of a server, by its index among them, or (null) the server on its host's memory. */
export interface AccountOwner {
  readonly server: Server;
  readonly device: number | null;
}

/** The device of a owner as it is now. */
export const deviceOf = ({ server, device }: AccountOwner): Device | undefined =>
  device === null ? undefined : server.devices?.[device];

/** All that draws on an account, each server once on that of its host. */
export const ownersOf = (fleet: Readonly<Fleet>, account: AccountId): readonly AccountOwner[] =>
  ownersByAccount(fleet).get(account) ?? [];

export function ownersByAccount({
  index,
  servers,
}: Readonly<Fleet>): ReadonlyMap<AccountId, readonly AccountOwner[]> {
  if (index.owners) return index.owners;
  const owners = new Map<AccountId, AccountOwner[]>();
  for (const server of servers.values()) {
    const host = hostAccount(server.spec.host);
    const devices = server.devices ?? [];
    if (devices.every(({ account }) => account !== host)) appendTo(owners, host, { server, device: null });
    for (const [device, { account }] of devices.entries()) appendTo(owners, account, { server, device });
  }
  index.owners = owners;
  return owners;
}
