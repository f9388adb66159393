import type { Socket } from 'node:net';
import { expect, it } from '@jest/globals';
import { Answered, endStalled } from './stalls.js';

/** An answer that waits, on a connection of which so many bytes were taken. */
function waiting() {
  const socket = { bytesWritten: 500, isClosed: false, destroy: () => void (socket.isClosed = true) };
  return Object.assign(new Answered(socket as typeof socket & Socket, 0), { socket });
}

it('a connection is closed once nothing was taken from it for 30 s, pings aside', () => {
  const [stalled, slow] = [waiting(), waiting()];
  for (let now = 0; now <= 90_000; now += 5_000) {
    endStalled([stalled, slow], now);
    expect([stalled.socket.isClosed, slow.socket.isClosed]).toEqual([now >= 30_000, false]);
    Object.assign(stalled.socket, { bytesWritten: stalled.socket.bytesWritten + 17 });
    if (now % 25_000 === 0) Object.assign(slow.socket, { bytesWritten: slow.socket.bytesWritten + 1_024 });
  }
});
