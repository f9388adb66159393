import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import type { Leader } from '#engine';
import { RETRY } from './forwarder.js';
import { GrpcLink } from './grpc-link.js';
import { HttpLink } from './http-link.js';
import { isReachedByTls, type PeerTrust } from './leader-reach.js';

const over = new AbortController().signal;
const IN_CLEAR: PeerTrust = { ca: null, isTls: false };
const HTTP_CALL = {
  method: 'GET',
  path: '/',
  headers: { authorization: 'Bearer key' },
  body: Buffer.alloc(0),
};

describe('a leader that is not reached by https', () => {
  let server: Server;
  let leader: Leader;
  let reached = 0;

  beforeEach(async () => {
    reached = 0;
    server = createServer((socket) => {
      reached += 1;
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    leader = { peer: 'evil', term: 1, grpc: `127.0.0.1:${port}`, http: `http://127.0.0.1:${port}` };
  });

  afterEach(async () => {
    server.close();
    await once(server, 'close');
  });

  /** Asks over both links, and then calls by ourselves: what came before has arrived by then. */
  const ask = async (trust: PeerTrust): Promise<unknown[]> => {
    const [http, grpc] = [new HttpLink(trust), new GrpcLink(trust)];
    const call = { path: '/a/b', request: Buffer.alloc(0), metadata: new Metadata(), deadline: Infinity };
    const answers = await Promise.all([http.ask(leader, HTTP_CALL, over), grpc.ask(leader, call, over)]);
    http.close();
    grpc.close();
    const { port } = server.address() as { port: number };
    await once(
      connect(port, '127.0.0.1').on('error', () => undefined),
      'close',
    );
    return answers;
  };

  it.each([
    { ca: null, isTls: true },
    { ca: 'PEM', isTls: false },
  ])('is not asked where the peers serve TLS: %j', async (trust) => {
    expect(await ask(trust)).toEqual([RETRY, RETRY]);
    expect(reached).toBe(1);
    expect(() => isReachedByTls(leader, trust)).toThrow('"evil" says that it is not reached by https');
    expect(() => isReachedByTls({ ...leader, http: 'nonsense' }, trust)).toThrow();
  });

  it('is asked where they do not', async () => {
    expect(await ask(IN_CLEAR)).toEqual([RETRY, RETRY]);
    expect(reached).toBeGreaterThan(1);
    expect(isReachedByTls(leader, IN_CLEAR)).toBe(false);
    expect(isReachedByTls({ ...leader, http: 'HTTPS://a' }, IN_CLEAR)).toBe(true);
  });
});
