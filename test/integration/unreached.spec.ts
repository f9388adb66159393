import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server as TcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { banner } from '../../apps/scheduler/src/bootstrap/banner.js';
import { serverTable } from '../../apps/berthctl/src/server-table.js';
import type { ServerMessage } from '#contracts';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const open: (() => void)[] = [];

async function listen(server: TcpServer): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What is at an address, and what a server declared there is told to lack. */
const PLACES: Readonly<Record<string, () => Promise<string>>> = {
  refused: async () => {
    const server = createServer();
    const address = await listen(server);
    server.close();
    return address;
  },
  unresolvable: () => Promise.resolve('no-such-host.invalid:8001'),
  not_grpc: () => listen(createHttp((_, response) => response.end('hello'))),
  closed: () => listen(createServer((socket) => socket.destroy())),
};

describe('a server that is declared at a wrong address', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(async () => {
    open.forEach((close) => close());
    await world.close();
  });

  it.each(Object.keys(PLACES))('is told to be what it is: %s', async (reason) => {
    const grpc = await PLACES[reason]!();
    await call(world, 'PUT', `/v1/servers/${reason}`, { grpc, metrics: null, host: reason });
    const told = async () => (await call(world, 'GET', `/v1/servers/${reason}`)).body as ServerMessage;
    await until(async () => (await told()).trouble !== null);
    const server = await told();
    expect(server.trouble).toEqual({ reason, detail: expect.stringContaining(grpc.split(':')[0]!) });
    expect(serverTable([server], Date.now()).join('\n')).toContain(server.trouble!.detail);
  });

  it('is in the banner with what is wrong', async () => {
    const { servers } = world.config;
    const trouble = { reason: 'not_grpc', detail: 'port 8000 is not for gRPC' } as const;
    const files = { adminKeyFile: null, authorityFile: null, peers: null };
    const served = {
      http: 'http://h',
      grpc: 'h:1',
      demo: null,
      connectionErrors: { of: () => trouble },
      ...files,
    };
    expect(banner({ ...world.config, servers }, served)).toContain(
      `server a is not reached: ${trouble.detail}`,
    );
    expect((await call(world, 'GET', '/v1/servers/a')).body).toMatchObject({ trouble: null });
  });
});
