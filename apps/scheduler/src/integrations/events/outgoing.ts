import type { EventType } from '#config';

/** An event as a turn makes it: it has no time, and no endpoint yet. */
export interface Draft {
  readonly type: EventType;
  /** Events with the same subject are told in order: `fleet`, `model/NAME` or `server/ID`. */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}
