import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { healthOf } from '../support/grpc-health.js';
import { issueKey } from '../support/issued-key.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const KIB = 2 ** 10;
/** So many messages of 60 KiB, of which 1 KiB is not counted, fit into 4 MiB and into 16 MiB. */
const [OF_A_CONNECTION, OF_STRANGERS] = [69, 277];
const admin = issueKey('boss', 'admin');
const headers = { ...admin.headers };

let world: World;
let sockets: Socket[];
let sessions: ClientHttp2Session[];

beforeAll(async () => {
  [sockets, sessions] = [[], []];
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const yaml = `auth: ${JSON.stringify({ keys: [admin.line] })}
webhooks: { fleet: { secretFiles: [/secret] } }
connections: { httpArrivalSeconds: 3600 }`;
  world = await startWorld({ yaml, headers, files: { '/secret': secret } });
});

afterAll(async () => {
  for (const one of [...sockets, ...sessions]) one.destroy();
  await world.close();
});

/** A stranger's call of which so much comes, of the length that it announces; its status once it is refused. */
function unfinished(session: ClientHttp2Session, announced: number, sent: number): () => string | undefined {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(announced, 1);
  const path = '/grpc.health.v1.Health/Check';
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
  let status: string | undefined;
  stream.on('error', () => undefined);
  stream.once('response', (told) => (status = told['grpc-status'] as string));
  stream.write(Buffer.concat([head, Buffer.alloc(sent)]));
  return () => status;
}

function connecting(): ClientHttp2Session {
  const session = connect(`http://${world.scheduler.grpc}`);
  sessions.push(session.on('error', () => undefined));
  return session;
}

/** A stranger's message for the webhook that stops one byte short; what is answered. */
function posting(bytes: number): () => string {
  const { hostname, port } = new URL(world.scheduler.http);
  const socket = connectSocket(Number(port), hostname).on('error', () => undefined);
  sockets.push(socket);
  const head = [
    ...['POST /v1/webhooks/fleet HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'],
    ...['Webhook-Signature: v1,AAAA', `Content-Length: ${bytes}`],
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${' '.repeat(bytes - 1)}`);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  return () => answer;
}

const [RESOURCE_EXHAUSTED, UNAVAILABLE] = ['8', '14'];

describe('messages of strangers that stop one byte short', () => {
  it('are refused beyond 64 KiB over gRPC', async () => {
    const status = unfinished(connecting(), 2 ** 22, 100 * KIB);
    await until(() => status() === RESOURCE_EXHAUSTED);
  });

  it('are held up to 4 MiB a connection', async () => {
    const session = connecting();
    const calls = Array.from({ length: 100 }, () => unfinished(session, 60 * KIB, 60 * KIB - 1));
    await until(() => calls.filter((status) => status() === UNAVAILABLE).length >= 100 - OF_A_CONNECTION);
    session.destroy();
  });

  it('are held up to 16 MiB in all over both ports; who has signed in goes on', async () => {
    const posts = Array.from({ length: 300 }, () => posting(60 * KIB));
    const refused = () => posts.filter((answer) => answer().includes('"reason":"busy"'));
    await until(() => refused().length >= 300 - OF_STRANGERS);
    const status = unfinished(connecting(), 60 * KIB, 60 * KIB - 1);
    await until(() => status() === UNAVAILABLE);
    const models = Object.fromEntries(Array.from({ length: 1_000 }, (_, nth) => [`m-${nth}`, {}]));
    expect((await call(world, 'POST', '/v1/models:batch', { models }, headers)).status).toBe(200);
    expect(await healthOf(world, '')).toMatch(/SERVING/);
    expect(refused()).toHaveLength(300 - OF_STRANGERS);
    for (const socket of sockets) socket.destroy();
    await until(async () => {
      const more = posting(60 * KIB);
      await call(world, 'GET', '/v1/fleet', undefined, headers);
      return more() === '';
    });
  });
});
