import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerConfig } from '#config';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const MODEL = { name: 'm', gpuBytes: 700 * 2 ** 20, loadMs: 10_000 };
const YAML = 'defaults: { idleUnloadSeconds: 2, minResidencySeconds: 0 }';

/** What may be changed of how a server is reached. */
type Change = Partial<Pick<ServerConfig, 'grpc' | 'metrics' | 'headers'>>;

/** How a change comes to Berth. */
type Way = (world: World, change: Change) => Promise<void>;

const bySighup: Way = async (world, change) => {
  const [server] = world.config.servers;
  expect(world.scheduler.reload({ ...world.config, servers: [{ ...server!, ...change }] })).toEqual([]);
};

const byPut: Way = async (world, change) => {
  const { grpc, metrics } = world.triton.addresses;
  const { status } = await call(world, 'PUT', '/v1/servers/a', { grpc, metrics, ...change });
  expect(status).toBeLessThan(300);
};

/** Another address that leads to the same process. */
class Detour {
  private readonly open = new Set<Socket>();

  private constructor(
    readonly address: string,
    private readonly server: Server,
  ) {}

  static async to(target: string): Promise<Detour> {
    const [host, port] = target.split(':');
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const detour = new Detour(`127.0.0.1:${(server.address() as { port: number }).port}`, server);
    server.on('connection', (caller) => {
      const triton = connect(Number(port), host);
      for (const [one, other] of [
        [caller, triton],
        [triton, caller],
      ] as const) {
        detour.open.add(one);
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
        one.pipe(other);
      }
    });
    return detour;
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }
}

describe.each([
  ['SIGHUP', bySighup],
  ['PUT', byPut],
] as const)('a server that is reached otherwise by %s', (_, change) => {
  let world: World;

  beforeEach(async () => {
    world = await startWorld({ yaml: YAML, triton: { models: [MODEL] } });
  });

  afterEach(() => world.close());

  const server = async () => (await call(world, 'GET', '/v1/servers/a')).body;
  const model = async () => (await call(world, 'GET', '/v1/models/m')).body;

  /** Until it was looked at over the new connection. */
  async function changed(to: Change): Promise<void> {
    const known = world.scheduler.engine.fleet.servers.get('a' as never)!;
    const before = known.looksCountFrom;
    await change(world, to);
    await until(() => known.looksCountFrom > before && known.contact.kind === 'up' && known.looked);
  }

  it('by other headers: what Berth loaded is still its own, and leaves by the idle rule', async () => {
    const { incarnation } = await server();
    await call(world, 'POST', '/v1/models/m/load?waitMs=10000');
    await changed({ headers: { 'x-key': 'other' } });
    expect(await server()).toMatchObject({ incarnation, state: 'ready' });
    await until(async () => (await model()).state === 'absent');
    expect(await model()).toMatchObject({ lastUnload: { reason: 'idle' } });
  });

  it('by other metrics, which are read from then on, however soon the next change follows', async () => {
    const { grpc, metrics } = world.triton.addresses;
    const known = world.scheduler.engine.fleet.servers.get('a' as never)!;
    await changed({ metrics: 'http://127.0.0.1:1/metrics' });
    expect(known.metricsAnswered).toBe(false);
    await change(world, { headers: { 'x-key': 'other' }, metrics: null });
    const body = { grpc, metrics, headers: { 'x-key': 'last' } };
    expect((await call(world, 'PUT', '/v1/servers/a', body)).status).toBeLessThan(300);
    await until(() => known.looked && known.metricsAnswered);
    expect((await call(world, 'POST', '/v1/models/m/resolve', { leaseMs: 100 })).status).toBe(200);
  });

  it('at another address: it drains on, and an order waits for a lease until it is forced', async () => {
    const detour = await Detour.to(world.triton.addresses.grpc);
    try {
      expect((await call(world, 'POST', '/v1/models/m/resolve', { leaseMs: 600_000 })).status).toBe(200);
      await call(world, 'POST', '/v1/servers/a/drain', { deadlineMs: null });
      expect((await call(world, 'POST', '/v1/models/m/unload')).status).toBe(202);
      const { incarnation } = await server();
      await changed({ grpc: detour.address });
      expect(await server()).toMatchObject({ incarnation, grpc: detour.address, state: 'draining' });
      expect((await call(world, 'POST', '/v1/models/m/unload', { force: true })).status).toBe(202);
      await until(async () => (await server()).state === 'drained');
      expect(await model()).toMatchObject({ state: 'absent', lastUnload: { reason: 'admin' } });
    } finally {
      await detour.close();
    }
  });

  it('while a load is under way: that load is waited for, and no other one is begun', async () => {
    const answer = call(world, 'POST', '/v1/models/m/resolve', { leaseMs: 100 });
    // Berth tells of the load before it is written down and sent.
    await until(() => world.triton.sim.copies().some((copy) => copy.model === MODEL.name));
    await changed({ headers: { 'x-key': 'other' } });
    expect(await answer).toMatchObject({ status: 200, body: { cold: true } });
    const body = await until(async () => {
      const text: string = (await call(world, 'GET', '/metrics')).body;
      return /^berth_load_seconds_count\{outcome="unknown"\} 1$/m.test(text) && text;
    });
    expect(body).not.toMatch(/^berth_load_seconds_count\{outcome="succeeded"\} [1-9]/m);
    await until(async () => (await model()).state === 'absent');
    expect(await model()).toMatchObject({ lastUnload: { reason: 'idle' } });
  });
});
