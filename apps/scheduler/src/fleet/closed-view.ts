import type { WhyClosed } from '#core';
import type { ClosedMessage } from '#contracts';
import type { WallTimes } from '../wall-times.js';

/** Why nothing is loaded onto a device, as it is told; null where it is open. */
export const closedView = (closed: WhyClosed | null, times: WallTimes): ClosedMessage | null =>
  closed && {
    since: times.told(closed.since),
    because: closed.because,
    until: times.toldOrNull(closed.until),
  };
