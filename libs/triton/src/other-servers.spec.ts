import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerId } from '#core';
import { PATIENCE_MS } from '../../../test/support/until.js';
import { loadProtocol } from './protocol.js';
import { TritonServer } from './triton-server.js';

const open: (() => void)[] = [];

afterEach(() => open.splice(0).forEach((close) => close()));

function look(port: number, callTimeoutMs: number): Promise<unknown> {
  const triton = new TritonServer({
    id: 't0' as ServerId,
    grpc: `127.0.0.1:${port}`,
    metrics: null,
    headers: {},
    tls: null,
    clock: { now: () => performance.now() },
    callTimeoutMs,
  });
  open.push(() => triton.close());
  triton.watch(() => {});
  return triton.look('full', true);
}

async function listen(server: TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function acceptAnd(then: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    open.push(() => socket.destroy());
    then(socket);
  });
  return listen(server);
}

/** Answers the index with these bytes. */
async function startRaw(bytes: Buffer): Promise<number> {
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  const { RepositoryIndex, RepositoryModelUnload, ServerMetadata } = loadProtocol();
  const raw = { ...RepositoryIndex!, responseSerialize: (value: unknown) => value as Buffer };
  server.addService(
    { RepositoryIndex: raw, RepositoryModelUnload: RepositoryModelUnload!, ServerMetadata: ServerMetadata! },
    {
      RepositoryIndex: (_: unknown, reply: (error: null, answer: unknown) => void) => reply(null, bytes),
      RepositoryModelUnload: (_: unknown, reply: (error: null, answer: unknown) => void) => reply(null, {}),
      ServerMetadata: (_: unknown, reply: (error: null, answer: unknown) => void) => reply(null, {}),
    },
  );
  open.push(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
}

describe('a look at something that is no Triton', () => {
  it.each<[string, string, () => Promise<number>]>([
    ['accepts and says nothing', 'timed_out', () => acceptAnd(() => {})],
    ['accepts and closes', 'unreachable', () => acceptAnd((socket) => socket.destroy())],
    [
      'accepts and says too much',
      'unreachable',
      () => acceptAnd((socket) => void socket.write('x'.repeat(9_999))),
    ],
    [
      'speaks HTTP/1',
      'unreachable',
      () => listen(createHttp((_: IncomingMessage, response: ServerResponse) => response.end('hello'))),
    ],
    ['answers what can not be decoded', 'nonsense', () => startRaw(Buffer.from([0xff, 0xff, 0xff]))],
    ['answers more than we take', 'nonsense', () => startRaw(Buffer.alloc(65 * 2 ** 20))],
  ])('is refused where it %s', async (_, why, start) => {
    const patience = why === 'timed_out' ? 300 : PATIENCE_MS;
    await expect(look(await start(), patience)).rejects.toMatchObject({ name: 'LookRefused', why });
  });
});
