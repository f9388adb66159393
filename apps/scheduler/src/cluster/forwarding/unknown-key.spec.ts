import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { ROUTER, routerService } from '#contracts';
import { Metrics } from '#telemetry';
import { FakeElections } from '#triton-simulator';
import { notePrincipal } from '../../transport/access/principals.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { Forwarder, type Times, timesFrom } from './forwarder.js';
import { GrpcForward } from './grpc-forward.js';
import { GrpcLink } from './grpc-link.js';
import { HttpForward } from './http-forward.js';
import { HttpLink } from './http-link.js';
import { PEER, PeerKey } from '../../transport/access/peer-key.js';

const IN_CLEAR = { ca: null, isTls: false };
const RESOLVE = `/${ROUTER}/Resolve`;

describe('a leader that does not know the key of the peer that hands on', () => {
  const key = new PeerKey('k'.repeat(32));
  let http: HttpServer;
  let grpc: Server;
  let grpcPlace: string;
  let links: { close(): void }[];
  let elections: FakeElections;
  /** Whether the leader of the moment knows the key, and how many calls have reached it. */
  let isKnown: boolean;
  let reached: number;
  let overHttp: (times: Times) => Promise<unknown>;
  let overGrpc: (times: Times) => Promise<unknown>;

  const soon = (): Times => ({ ...timesFrom(), until: performance.now() + 100 });
  const lead = (): void => {
    elections.depose();
    void elections.candidate({ peer: 'a', ...placeOf(http), grpc: grpcPlace }).lead();
  };
  beforeEach(async () => {
    [isKnown, reached] = [false, 0];
    http = createServer((request, response) => {
      reached += 1;
      request.resume();
      response.writeHead(isKnown ? 200 : 401).end('{}');
    }).listen(0, '127.0.0.1');
    await once(http, 'listening');
    grpc = new Server();
    grpc.addService(routerService(), {
      resolve: (_: unknown, done: (error: object | null, answer?: object) => void) => {
        reached += 1;
        if (isKnown) done(null, {});
        else done({ code: status.UNAUTHENTICATED, details: '' });
      },
      watchRoutes: () => undefined,
      reportUsage: () => undefined,
    });
    grpcPlace = await new Promise((resolve, reject) =>
      grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(`127.0.0.1:${port}`),
      ),
    );
    elections = new FakeElections();
    lead();
    forward();
  });

  afterEach(() => {
    for (const link of links) link.close();
    http.close();
    grpc.forceShutdown();
  });

  function forward(): void {
    const leaders = elections.candidate({ peer: 'b', http: 'http://b', grpc: 'b' });
    const { counts } = new Metrics({ now: () => 0 });
    const forwarder = new Forwarder({ leaders, lifecycle: new Lifecycle(), counts });
    const [httpLink, grpcLink] = [new HttpLink(IN_CLEAR), new GrpcLink(IN_CLEAR)];
    links = [httpLink, grpcLink];
    const byHttp = new HttpForward(forwarder, httpLink, key);
    const byGrpc = new GrpcForward(forwarder, grpcLink, key);
    const signal = new AbortController().signal;
    overHttp = async (times) => {
      const request = { principal: PEER, headers: {}, method: 'GET', raw: { url: '/' }, socket: {} } as never;
      const sent: number[] = [];
      const reply = {
        raw: { once: () => undefined },
        code: (status: number) => (sent.push(status), reply),
        headers: () => reply,
        send: (body: { resume(): void }) => body.resume(),
      };
      await byHttp.send(request, reply as never, () => Buffer.alloc(0), times);
      return sent[0];
    };
    overGrpc = async (times) => {
      const metadata = new Metadata();
      notePrincipal(metadata, PEER);
      const call = { path: RESOLVE, metadata, deadline: Infinity, peer: 'unknown', signal };
      const { refusal } = await byGrpc.send(call, () => ({ model: 'm' }), times);
      return refusal === null ? 200 : refusal.code;
    };
  }

  it.each([
    ['HTTP', (times: Times) => overHttp(times)],
    ['gRPC', (times: Times) => overGrpc(times)],
  ])('is asked once, and no more until another leads: %s', async (_, send) => {
    await expect(send(soon())).rejects.toMatchObject({ facts: { reason: 'no_leader' } });
    await expect(overHttp(soon())).rejects.toMatchObject({ facts: { reason: 'no_leader' } });
    await expect(overGrpc(soon())).rejects.toMatchObject({ facts: { reason: 'no_leader' } });
    expect(reached).toBe(1);
    const waits = send(timesFrom());
    isKnown = true;
    lead();
    expect([await waits, reached]).toEqual([200, 2]);
  });
});

const placeOf = (server: HttpServer): { readonly http: string } => ({
  http: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
});
