import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, type Settings } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { healthOf } from '../support/grpc-health.js';
import { until } from '../support/until.js';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';

const MOST = 3;
/** The addresses of the host on which is served. */
const HOSTS = ['127.0.0.1', '127.0.0.2'];
const lookup = () => Promise.resolve(HOSTS);

let world: World | undefined;

afterEach(async () => {
  await world?.close();
});

/** A connection over HTTP whose caller is known, with a request that waits for a cold model. */
async function waiting({ scheduler }: World, host: string): Promise<Socket> {
  const socket = connect(Number(new URL(scheduler.http).port), host);
  socket.on('error', () => undefined);
  socket.write('GET /v1/models/none HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  const body = '{"waitMs":60000}';
  const head = [
    'POST /v1/models/bert-base/resolve HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
  ];
  socket.write(`${head.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return socket;
}

const HEADERS = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

/** A connection over gRPC whose caller is known, with a call that Berth has seen, and of which it waits for the message. */
async function calling({ scheduler }: World): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://${scheduler.grpc}`);
  session.on('error', () => undefined);
  const first = session.request({ ...HEADERS, ':path': '/berth.v1.Admin/GetFleet' });
  first.resume().end(Buffer.alloc(5));
  await once(first, 'end');
  session.request({ ...HEADERS, ':path': '/berth.v1.Router/Resolve' }).on('error', () => undefined);
  await new Promise((done) => session.ping(done));
  return session;
}

describe('connections', () => {
  it('over HTTP are as many as there may be on all addresses, and those refused are counted', async () => {
    const running = (world = await startWorld({
      yaml: `connections: { http: ${MOST} }`,
      triton: { speed: 0.01 },
      parts: { lookup },
    }));
    const host = (nth: number): string => HOSTS[nth % 2]!;
    const busy: Socket[] = [];
    while (busy.length < MOST) busy.push(await waiting(running, host(busy.length)));
    await until(() => running.scheduler.engine.fleet.waiting.size === MOST);
    const others = Array.from({ length: 2 * MOST }, (_, nth) =>
      connect(Number(new URL(running.scheduler.http).port), host(nth)).on('error', () => undefined),
    );
    let closed = 0;
    for (const socket of others) socket.once('close', () => (closed += 1)).resume();
    await until(() => closed === others.length);
    for (const socket of [...busy, ...others]) socket.destroy();
    const metrics = await until(async () => (await call(running, 'GET', '/metrics')).body as string);
    const [, refused] = /^berth_http_connections_refused_total (\d+)$/m.exec(metrics)!;
    expect(Number(refused)).toBeGreaterThanOrEqual(MOST);
  });

  it('over HTTP are served alike on every address of a host, and end alike', async () => {
    const running = (world = await startWorld({ parts: { lookup } }));
    const { port } = new URL(running.scheduler.http);
    for (const host of HOSTS) {
      const socket = connect(Number(port), host);
      socket.write('GET /v1/models/none HTTP/1.1\r\nHost: localhost\r\nExpect: a miracle\r\n\r\n');
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 404 .*"unknown_model"/s);
      socket.write('what?\r\n\r\n');
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 400 .*"invalid_request"/s);
    }
    const idle = connect(Number(port), HOSTS[1]);
    idle.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(idle, 'data');
    const closed = once(idle, 'close');
    await running.restart();
    await closed;
  });

  it('over HTTP are not served where another process has one of the addresses', async () => {
    const running = (world = await startWorld());
    const other = createServer().listen(0, HOSTS[1]);
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const data = join(running.folder, 'second');
    const config = { ...running.config, data, recorder: null, http: { host: HOSTS[0]!, port } };
    await expect(createScheduler(config, { log: pino({ level: 'silent' }), lookup })).rejects.toThrow(
      `HTTP cannot be served on 127.0.0.1:${port}: a process listens there already`,
    );
    other.close();
  });

  it('over gRPC are as many as there may be, and those refused are counted', async () => {
    const running = (world = await startWorld({ yaml: `connections: { grpc: ${MOST} }` }));
    const busy = await Promise.all(Array.from({ length: MOST }, () => calling(running)));
    const refused = connectHttp2(`http://${running.scheduler.grpc}`);
    refused.on('error', () => undefined);
    await new Promise((closed) => refused.once('close', closed));
    expect(busy.every(({ destroyed }) => !destroyed)).toBe(true);
    for (const session of busy) session.destroy();
    const metrics = await until(async () => (await call(running, 'GET', '/metrics')).body as string);
    expect(metrics).toMatch(/^berth_grpc_connections_refused_total 1$/m);
  });

  it('over gRPC give way when their calls have ended', async () => {
    const running = (world = await startWorld({ yaml: `connections: { grpc: ${MOST} }` }));
    const sessions: ClientHttp2Session[] = [];
    for (let tries = 0; tries < 3 * MOST; tries += 1) {
      const session = connectHttp2(`http://${running.scheduler.grpc}`);
      session.on('error', () => undefined);
      sessions.push(session);
      const stream = session.request({ ...HEADERS, ':path': '/grpc.health.v1.Health/Check' });
      stream.end(Buffer.alloc(5));
      const [trailers] = (await once(stream, 'trailers')) as [Record<string, string>];
      expect(Number(trailers['grpc-status'])).toBe(0);
    }
    for (const session of sessions) session.destroy();
  });

  it('over gRPC are served on every address of a host, unless another process has one of them', async () => {
    const running = (world = await startWorld());
    const start = (port: number, folder: string) => {
      const data = join(running.folder, folder);
      const config = { ...running.config, data, recorder: null, grpc: { host: 'localhost', port } };
      return createScheduler(config, { log: pino({ level: 'silent' }) });
    };
    const taken = Number(new URL(`http://${running.scheduler.grpc}`).port);
    await expect(start(taken, 'second')).rejects.toThrow(
      /^gRPC cannot be served on localhost:\d+: a process listens there already /,
    );
    const third = await start(0, 'third');
    expect(await healthOf({ scheduler: third }, '')).toMatch(/SERVING/);
    await third.close();
  });

  it('over gRPC take metadata of 16 KiB, and no longer', async () => {
    const running = (world = await startWorld());
    const admin = rpcClient(running, 'Admin');
    const metadata = new Metadata();
    metadata.set('x-long', 'x'.repeat(15_000));
    expect(await admin.call('getFleet', {}, metadata)).toHaveProperty('fleet');
    metadata.set('x-longer', 'x'.repeat(2_000));
    await expect(admin.call('getFleet', {}, metadata)).rejects.toMatchObject({
      ...{ code: 8, details: 'the metadata of a call may have at most 16 KiB' },
    });
    admin.close();
  });

  it('over gRPC carry as many calls at a time as there may be', async () => {
    const running = (world = await startWorld({ yaml: 'connections: { grpcCalls: 7 }' }));
    const session = connectHttp2(`http://${running.scheduler.grpc}`);
    const [settings] = (await once(session, 'remoteSettings')) as [Settings];
    session.destroy();
    expect(settings.maxConcurrentStreams).toBe(7);
  });

  it('over gRPC are closed when they have had no call for a while', async () => {
    const running = (world = await startWorld({ yaml: 'connections: { grpcIdleSeconds: 1 }' }));
    const session = connectHttp2(`http://${running.scheduler.grpc}`);
    const [code] = (await once(session, 'goaway')) as [number];
    session.destroy();
    expect(code).toBe(0);
  });
});
