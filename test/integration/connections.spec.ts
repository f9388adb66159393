import { once } from 'node:events';
import { connect as connectHttp2, type Settings } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';

const MOST = 3;

let world: World | undefined;

afterEach(async () => {
  await world?.close();
});

/** A connection over HTTP with a request that waits for a cold model. */
function waiting({ scheduler }: World): Socket {
  const { hostname, port } = new URL(scheduler.http);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const body = '{"waitMs":60000}';
  const head = [
    'POST /v1/models/bert-base/resolve HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
  ];
  socket.write(`${head.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return socket;
}

describe('connections', () => {
  it('over HTTP are as many as there may be, and those refused are counted', async () => {
    const running = (world = await startWorld({
      yaml: `connections: { http: ${MOST} }`,
      triton: { speed: 0.01 },
    }));
    const sockets = Array.from({ length: 2 * MOST }, () => waiting(running));
    let closed = 0;
    for (const socket of sockets) socket.once('close', () => (closed += 1));
    await until(() => closed >= MOST);
    for (const socket of sockets) socket.destroy();
    const metrics = await until(async () => (await call(running, 'GET', '/metrics')).body as string);
    const [, refused] = /^berth_http_connections_refused_total (\d+)$/m.exec(metrics)!;
    expect(Number(refused)).toBeGreaterThanOrEqual(MOST);
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
