import { getEventListeners, once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server as TcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { PATIENCE_MS, until } from '../../../test/support/until.js';
import { attemptConnection } from './tcp.js';

const open: (() => void)[] = [];

afterEach(() => open.splice(0).forEach((close) => close()));

async function listen(server: TcpServer): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function acceptAnd(then: (socket: Socket) => void): Promise<{ address: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    then(socket);
  });
  open.push(() => sockets.forEach((socket) => socket.destroy()));
  return { address: await listen(server), sockets };
}

async function startGrpc(): Promise<string> {
  const server = new Server();
  open.push(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    ),
  );
}

const greeted = (address: string, withinMs = PATIENCE_MS) =>
  attemptConnection(address, { withinMs, greets: true });

describe('a try of a connection', () => {
  it('leaves nothing behind, however many of them one signal may end', async () => {
    const { address, sockets } = await acceptAnd((socket) => socket.resume());
    const over = new AbortController();
    for (let tries = 0; tries < 30; tries += 1) {
      expect(await attemptConnection(address, { withinMs: PATIENCE_MS, over: over.signal })).toBe('accepted');
    }
    expect(getEventListeners(over.signal, 'abort')).toEqual([]);
    await until(() => sockets.size === 0);
  });

  it('hears of what came while the event loop was held up', async () => {
    const { address } = await acceptAnd((socket) => socket.resume());
    // From here the loop comes by its timers before it hears of connections.
    await new Promise(setImmediate);
    const tried = attemptConnection(address, { withinMs: 10 });
    const heldUntil = performance.now() + 100;
    while (performance.now() < heldUntil);
    expect(await tried).toBe('accepted');
  });

  it('ends with its signal', async () => {
    const { address, sockets } = await acceptAnd((socket) => socket.resume());
    const over = new AbortController();
    const ended = attemptConnection(address, { withinMs: PATIENCE_MS, greets: true, over: over.signal });
    await until(() => sockets.size === 1);
    over.abort();
    expect(await ended).toBe('unreachable');
    await until(() => sockets.size === 0);
  });
});

describe('a try that greets', () => {
  it('tells what speaks gRPC', async () => {
    expect(await greeted(await startGrpc())).toBe('accepted');
  });

  it('tells what speaks HTTP/1', async () => {
    expect(await greeted(await listen(createHttp((_, response) => response.end('hello'))))).toBe('not_grpc');
  });

  it('tells what speaks first, and something else', async () => {
    const { address } = await acceptAnd((socket) => socket.write('220 mail\r\n'));
    expect(await greeted(address)).toBe('not_grpc');
  });

  it('tells what says nothing', async () => {
    const { address } = await acceptAnd((socket) => socket.resume());
    expect(await greeted(address, 50)).toBe('silent');
  });

  it('tells what ends the connection', async () => {
    const { address } = await acceptAnd((socket) => socket.destroy());
    expect(await greeted(address)).toBe('closed');
  });

  it('tells where no process listens, and which name has no address', async () => {
    const server = createServer();
    const address = await listen(server);
    server.close();
    expect(await greeted(address)).toBe('refused');
    expect(await greeted('no-such-host.invalid:8001')).toBe('unresolvable');
  });
});
