import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { call, rpcClient } from '../support/running-scheduler.js';

describe('a leader whose lease is not renewed', () => {
  let world: PeersWorld;
  let leader: Peer;

  beforeAll(async () => {
    world = await startPeers();
    leader = await world.leader();
    expect((await call(leader, 'PUT', '/v1/models/m', { gpuMemoryLimitMb: 100 })).status).toBe(201);
    leader.election.hold(true);
  });

  afterAll(() => world.close());

  it.each(['/v1/models', '/v1/models/m', '/v1/models/m/explain', '/v1/servers', '/v1/fleet'])(
    'does not tell what is declared, which another one may have changed: %s',
    async (path) => {
      const { status, body } = await call(leader, 'GET', path);
      expect([status, body.reason, body.detail]).toEqual([503, 'no_leader', 'held']);
    },
  );

  it('tells it over gRPC as little', async () => {
    const admin = rpcClient(leader, 'Admin');
    await expect(admin.call('getModel', { model: 'm' }, new Metadata())).rejects.toMatchObject({ code: 14 });
    admin.close();
  });

  it('takes no write, and does both again once it is renewed', async () => {
    const write = () => call(leader, 'PATCH', '/v1/models/m', { gpuMemoryLimitMb: 200 });
    const { status, body } = await write();
    expect([status, body.reason, body.detail]).toEqual([503, 'no_leader', 'held']);
    leader.election.hold(false);
    expect((await write()).status).toBe(200);
    expect((await call(leader, 'GET', '/v1/models/m')).status).toBe(200);
  });
});
