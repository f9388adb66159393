import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { SocketsByAddress } from './sockets-by-address.js';

const ENDS = { localAddress: '127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 2 };

const connection = (): Socket => Object.assign(new EventEmitter(), ENDS) as unknown as Socket;

describe('a connection', () => {
  it('is found by its ends until it closes', () => {
    const sockets = new SocketsByAddress();
    const socket = connection();
    sockets.add(socket);
    expect(sockets.between(ENDS)).toBe(socket);
    expect(sockets.between({ ...ENDS, remotePort: 3 })).toBeUndefined();
    socket.emit('close');
    expect(sockets.between(ENDS)).toBeUndefined();
  });

  it('is found where an older one with the same ends closes late', () => {
    const sockets = new SocketsByAddress();
    const [older, newer] = [connection(), connection()];
    sockets.add(older);
    sockets.add(newer);
    older.emit('close');
    expect(sockets.between(ENDS)).toBe(newer);
  });
});
