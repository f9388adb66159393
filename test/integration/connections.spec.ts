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

/** A connection over HTTP that was let in and answered; null for one that was closed instead. */
async function letIn({ scheduler }: World): Promise<Socket | null> {
  const { hostname, port } = new URL(scheduler.http);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(() => null);
  socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const answered = once(socket, 'data').then(() => socket);
  return Promise.race([answered, closed]);
}

describe('connections', () => {
  it('over HTTP are as many as there may be, and those refused are counted', async () => {
    const running = (world = await startWorld({ yaml: `connections: { http: ${MOST} }` }));
    const sockets: Socket[] = [];
    for (let tries = 0; tries < 2 * MOST; tries += 1) {
      const socket = await letIn(running);
      if (socket) sockets.push(socket);
    }
    // One may be that by which it was seen that Berth is ready.
    expect([MOST - 1, MOST]).toContain(sockets.length);
    for (const socket of sockets) socket.destroy();
    const metrics = await until(async () => (await call(running, 'GET', '/metrics')).body as string);
    const [, refused] = /^berth_http_connections_refused_total (\d+)$/m.exec(metrics)!;
    expect(Number(refused)).toBeGreaterThanOrEqual(2 * MOST - sockets.length);
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
