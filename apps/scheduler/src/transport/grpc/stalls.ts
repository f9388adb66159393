import type { Socket } from 'node:net';
import { Link } from '../limits/chain.js';

/** A caller that takes nothing for these milliseconds is cut off. Pings and the like write fewer than these bytes meanwhile. */
const UNTAKEN_MS = 30_000;
const WORTH_BYTES = 1_024;

/** An answer that waits to be taken, and what its connection had written when last something was taken from it. */
export class Answered extends Link {
  bytes: number;

  constructor(
    readonly socket: Socket,
    public at: number,
  ) {
    super();
    this.bytes = socket.bytesWritten;
  }
}

/** Closes connections from which nothing is taken. */
export function endStalled(answered: readonly Answered[], now: number): void {
  for (const one of answered) {
    const { bytesWritten } = one.socket;
    if (bytesWritten - one.bytes >= WORTH_BYTES) Object.assign(one, { bytes: bytesWritten, at: now });
    else if (now - one.at >= UNTAKEN_MS) one.socket.destroy();
  }
}
