import type { Instant, Millis } from '#core';
import type { RouteVersion } from './route-event.js';
import { TABLE_GOOD_FOR } from './times.js';

/** Polls within so long count as one, of the earliest version and the last moment: few have to be remembered. */
const SAME_MOMENT: Millis = 500;

/** Gateways that ask for the whole table, and go by it for as long as by an event. It has no clock. */
export class Polls {
  /** The earliest first. */
  private readonly told: { readonly version: RouteVersion; readonly since: Instant; at: Instant }[] = [];

  get isAny(): boolean {
    return this.told.length > 0;
  }

  /** The table of this version is told. */
  note(version: RouteVersion, now: Instant): void {
    const last = this.told.at(-1);
    if (last && now - last.since < SAME_MOMENT) last.at = now;
    else this.told.push({ version, since: now, at: now });
  }

  /** The version up to which they go by nothing that is withdrawn; undefined: they go by nothing any more. */
  settled(now: Instant): RouteVersion | undefined {
    return this.told.find(({ at }) => now - at < TABLE_GOOD_FOR)?.version;
  }

  /** Forgets what they go by no more. */
  forget(now: Instant): void {
    while (this.told[0] && now - this.told[0].at >= TABLE_GOOD_FOR) this.told.shift();
  }
}
