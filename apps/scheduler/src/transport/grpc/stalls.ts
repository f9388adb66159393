import type { Socket } from 'node:net';

/** A caller that takes nothing for these milliseconds is cut off. Pings and the like write fewer than these bytes meanwhile. */
const UNTAKEN_MS = 30_000;
const WORTH_BYTES = 1_024;

/** An answer that waits to be taken, and what its connection had written when last something was taken from it. */
export interface Answered {
  readonly socket: Socket;
  bytes: number;
  at: number;
}

/** Closes connections from which nothing is taken. */
export function endStalled(answered: Iterable<Answered>, now: number): void {
  for (const one of answered) {
    const { bytesWritten } = one.socket;
    if (bytesWritten - one.bytes >= WORTH_BYTES) Object.assign(one, { bytes: bytesWritten, at: now });
    else if (now - one.at >= UNTAKEN_MS) one.socket.destroy();
  }
}
