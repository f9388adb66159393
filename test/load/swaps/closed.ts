import { Now } from '#core';
import { type Fleet, type Instant, type Millis, whyClosed } from '#core';

/** What the bench knows of devices on which nothing is loaded for the time being. All of it is here. */

/** The names of the devices that are closed. */
const closedDevices = (fleet: Readonly<Fleet>, now: Instant): readonly string[] =>
  [...fleet.servers.values()].flatMap((server) =>
    (server.devices ?? []).flatMap((one) =>
      whyClosed(fleet, server, one, new Now(now)) ? [one.account] : [],
    ),
  );

/** How long devices stay closed. */
export class ClosedTimes {
  longest: Millis = 0;
  private readonly since = new Map<string, Instant>();

  note(fleet: Readonly<Fleet>, now: Instant): void {
    const closed = new Set(closedDevices(fleet, now));
    for (const device of closed) this.since.set(device, this.since.get(device) ?? now);
    for (const [device, since] of this.since) {
      this.longest = Math.max(this.longest, now - since);
      if (!closed.has(device)) this.since.delete(device);
    }
  }
}
