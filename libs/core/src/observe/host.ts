import { type AccountId, hostAccount } from '../fleet/ids.js';
import type { Server } from '../fleet/server.js';

/** What draws on the memory of the host that a server was on draws on that of the one that it is on now. */
export function followHost(server: Server, before: string): void {
  const [from, to] = [hostAccount(before), hostAccount(server.spec.host)];
  if (from === to) return;
  const moved = <Drawing extends { readonly account: AccountId }>(one: Drawing): Drawing =>
    one.account === from ? { ...one, account: to } : one;
  server.devices = server.devices && server.devices.map(moved);
  server.hidden = server.hidden.map((copy) => ({ ...copy, bookings: copy.bookings.map(moved) }));
}
