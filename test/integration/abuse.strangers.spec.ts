import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { Metadata } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { healthOf } from '../support/grpc-health.js';
import { issueKey } from '../support/issued-key.js';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';

const MOST = 30;
const BURST = 300;
const admin = issueKey('boss', 'admin');
const headers = { ...admin.headers };

let world: World;
let strangers: (Socket | ClientHttp2Session)[] = [];

beforeAll(async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const yaml = `auth: ${JSON.stringify({ keys: [admin.line] })}
webhooks: { fleet: { secretFiles: [/secret] } }
connections: { http: ${MOST}, grpc: ${MOST}, httpArrivalSeconds: 240 }`;
  world = await startWorld({ yaml, headers, files: { '/secret': secret } });
});

afterEach(() => {
  for (const one of strangers.splice(0)) one.destroy();
});

afterAll(() => world.close());

/** A burst of connections on which this is sent. */
async function burst(address: string, text: string): Promise<void> {
  const { hostname, port } = new URL(address);
  const sockets = Array.from({ length: BURST }, () => connect(Number(port), hostname));
  strangers = sockets.map((socket) => socket.on('error', () => undefined));
  await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, 'connect').catch(() => undefined);
      if (!socket.destroyed) socket.write(text);
    }),
  );
}

/** A burst of connections with an open watch of the health on each. */
async function watching(): Promise<void> {
  const sessions = Array.from({ length: BURST }, () => connectHttp2(`http://${world.scheduler.grpc}`));
  strangers = sessions.map((session) => session.on('error', () => undefined));
  await Promise.all(
    sessions.map(async (session) => {
      await once(session, 'connect').catch(() => undefined);
      if (session.destroyed) return;
      const path = '/grpc.health.v1.Health/Watch';
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
      });
      stream.on('error', () => undefined).end(Buffer.alloc(5));
    }),
  );
}

/** Whether health and an admin are answered on both ports. */
async function isOpen(): Promise<void> {
  expect((await call(world, 'GET', '/health/live')).status).toBe(200);
  expect((await call(world, 'GET', '/v1/fleet', undefined, headers)).status).toBe(200);
  expect(await healthOf(world, '')).toMatch(/SERVING/);
  const client = rpcClient(world, 'Admin');
  const metadata = new Metadata();
  metadata.set('authorization', headers['authorization']!);
  expect(await client.call('getFleet', {}, metadata)).toHaveProperty('fleet');
  client.close();
}

const HOOK = [
  ...['POST /v1/webhooks/fleet HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'],
  ...['Webhook-Signature: v1,AAAA', 'Content-Length: 60000', '', '{'],
].join('\r\n');

describe('a burst of strangers keeps nobody out', () => {
  it.each([
    ['silent ones over HTTP', () => burst(world.scheduler.http, '')],
    ['bodies of a webhook that do not come', () => burst(world.scheduler.http, HOOK)],
    ['silent ones over gRPC', () => burst(`http://${world.scheduler.grpc}`, '')],
    ['watches of the health', watching],
  ])('of %s', async (_, come) => {
    await come();
    await isOpen();
  });
});
