import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  BERTH_VERSION,
  fleetSchema,
  modelSchema,
  pageSchema,
  problemSchema,
  routeSchema,
  serverSchema,
} from '#contracts';
import { healthOf } from '../support/grpc-health.js';
import { call, configFor, rpcClient, startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

describe('operating it', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });

  afterAll(() => world.close());

  it('says over HTTP and gRPC that it lives and is ready', async () => {
    const live = { status: 'live', version: BERTH_VERSION };
    expect(await call(world, 'GET', '/health/live')).toMatchObject({ status: 200, body: live });
    expect((await call(world, 'GET', '/health/ready')).body).toEqual({ status: 'ready' });
    for (const service of ['', 'berth.v1.Router', 'berth.v1.Admin']) {
      await until(async () => (await healthOf(world, service)) === 'SERVING');
    }
    await expect(healthOf(world, 'nobody')).rejects.toMatchObject({ code: 5 });
  });

  it('answers what the published schemas say', async () => {
    routeSchema.parse((await call(world, 'POST', '/v1/models/resnet50/resolve')).body);
    pageSchema(modelSchema).parse((await call(world, 'GET', '/v1/models')).body);
    pageSchema(serverSchema).parse((await call(world, 'GET', '/v1/servers')).body);
    fleetSchema.parse((await call(world, 'GET', '/v1/fleet')).body);
    problemSchema.parse((await call(world, 'GET', '/v1/models/nobody')).body);
  });

  it.each([
    ['PUT', '/v1/models/m'],
    ['PATCH', '/v1/models/resnet50'],
    ['PUT', '/v1/models/resnet50/pin'],
    ['POST', '/v1/models:batch'],
    ['PUT', '/v1/servers/b'],
    ['PUT', '/v1/fleet/frozen'],
    ['POST', '/v1/plan'],
  ])('says where a body is missing: %s %s', async (method, path) => {
    const { status, body } = await call(world, method, path);
    const errors = [{ path: '', rule: 'a body is required' }];
    expect([status, body.detail, body.errors]).toEqual([400, 'a body is required', errors]);
  });

  it('publishes every path with its parameters and answers', async () => {
    const { body } = await call(world, 'GET', '/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/v1/models/{model}/resolve',
        '/v1/models/{model}/pin',
        '/v1/servers/{server}/drain',
      ]),
    );
    const { get } = body.paths['/v1/models'];
    expect(get.operationId).toBe('ListModels');
    expect(get.parameters.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['pageSize', 'pageToken', 'state', 'server', 'label']),
    );
    const { content } = body.paths['/v1/models/{model}'].patch.requestBody;
    const { coldStart } = content['application/merge-patch+json'].schema.properties;
    expect(coldStart.anyOf[1]).toEqual({ type: 'null' });
    expect(coldStart.anyOf[0].properties.maxQueue.anyOf[1]).toEqual({ type: 'null' });
    expect(Object.keys(body.components.schemas)).toEqual([
      'Route',
      'Model',
      'Server',
      'Fleet',
      'Explanation',
      'Plan',
      'AuditRecord',
      'Scaling',
      'Problem',
    ]);
  });

  it('refuses keys in a query that no operation of the API knows', async () => {
    const calls = [
      ['GET', '/v1/models/resnet50/explain'],
      ['HEAD', '/v1/models/resnet50/explain'],
      ['GET', '/v1/models/resnet50'],
      ['GET', '/v1/models'],
      ['PUT', '/v1/models/resnet50'],
      ['POST', '/v1/models/resnet50/resolve'],
      ['POST', '/v1/models/resnet50/load'],
      ['POST', '/v1/models:batch'],
      ['GET', '/v1/servers/a'],
      ['DELETE', '/v1/fleet/frozen'],
    ] as const;
    for (const [method, path] of calls) {
      const { status, body } = await call(world, method, `${path}?dept=1&dept=2`);
      const told = method === 'HEAD' ? undefined : [{ path: 'dept', rule: 'is not a known key' }];
      expect([method, path, status, body?.errors]).toEqual([method, path, 400, told]);
    }
    expect((await call(world, 'GET', '/v1/models/resnet50/explain?')).status).toBe(200);
    expect((await call(world, 'GET', '/v1/nothing?dept=1')).status).toBe(404);
  });

  it('serves probes and scrapers whatever they append', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics']) {
      expect([path, (await call(world, 'GET', `${path}?probe=1`)).status]).toEqual([path, 200]);
    }
  });

  it('answers reflection with both services', async () => {
    expect(await reflected(world, 'v1')).toEqual(
      expect.arrayContaining(['berth.v1.Admin', 'berth.v1.Router']),
    );
    expect(await reflected(world, 'v1alpha')).toEqual(
      expect.arrayContaining(['berth.v1.Admin', 'berth.v1.Router']),
    );
  });

  it("calls a request that is no protobuf the caller's fault", async () => {
    for (const method of ['berth.v1.Router/Resolve', 'berth.v1.Admin/GetModel', 'berth.v1.Admin/GetFleet']) {
      await expect(raw(world, `/${method}`, Buffer.from([0xff, 0xff]))).rejects.toMatchObject({ code: 3 });
    }
  });

  it('counts in a closed set of series', async () => {
    await Promise.all(
      [1, 2, 3].map((n) => call(world, 'POST', `/v1/models/random-${n}/resolve`, { waitMs: 0 })),
    );
    const body = await until(async () => {
      const text: string = (await call(world, 'GET', '/metrics')).body;
      return /^berth_resolve_total\{result="unknown_model"\} [1-9]/m.test(text) && text;
    });
    expect(body).toMatch(/^berth_resolve_total\{result="routed"\} [1-9]/m);
    expect(body).toMatch(/^berth_load_seconds_count\{outcome="succeeded"\} [1-9]/m);
    expect(body).toMatch(/^berth_device_memory_bytes\{server="a",device="0",kind="held"\} [1-9]/m);
    expect(body).toMatch(/^berth_replicas\{phase="ready"\} 1/m);
    expect(body).not.toContain('random-');
  });

  it('takes up another file while it runs', async () => {
    const next = configFor(world.triton, world.folder, 'models: { fresh: {} }\nresidency: { policy: lru }');
    expect(world.scheduler.reload(next)).toEqual([]);
    expect((await call(world, 'GET', '/v1/models/fresh')).body.source).toBe('file');
    world.scheduler.reload(world.config);
    await until(async () => (await call(world, 'GET', '/v1/models/fresh')).status === 404);
  });

  it('drains and forgets a server that left the file', async () => {
    const [server] = world.config.servers;
    const second = { ...server!, id: 'second', grpc: '127.0.0.1:1' };
    world.scheduler.reload({ ...world.config, servers: [server!, second] });
    expect((await call(world, 'GET', '/v1/servers/second')).status).toBe(200);
    world.scheduler.reload(world.config);
    await until(async () => (await call(world, 'GET', '/v1/servers/second')).status === 404);
    expect((await call(world, 'GET', '/v1/servers/a')).body.state).toBe('ready');
  });

  it('refuses every waiting request when it ends, and leaves the models loaded', async () => {
    const router = rpcClient(world, 'Router');
    const waiting = [
      call(world, 'POST', '/v1/models/mistral-7b/resolve'),
      call(world, 'POST', '/v1/models/mistral-7b/resolve', { waitMs: PATIENCE_MS }),
    ];
    const overGrpc = router.call('resolve', { model: 'mistral-7b' }, new Metadata()).catch((error) => error);
    const watching = call(world, 'POST', `/v1/models/mistral-7b/load?waitMs=${PATIENCE_MS}`);
    const { waiting: asked, bestEffort } = world.scheduler.engine.fleet;
    await until(() => asked.size === 3 && [...bestEffort.values()].some(({ admin }) => admin));
    await world.scheduler.close();
    for (const answer of await Promise.all(waiting)) {
      expect([answer.status, answer.body.reason]).toEqual([503, 'shutting_down']);
    }
    expect(((await overGrpc) as ServiceError).code).toBe(14);
    expect((await watching).status).toBe(202);
    router.close();
    expect(world.triton.sim.copies().some(({ model }) => model === 'resnet50')).toBe(true);
  });
});

/** A unary call with bytes as they are. */
function raw({ scheduler }: World, path: string, bytes: Buffer): Promise<unknown> {
  const client = new Client(scheduler.grpc, credentials.createInsecure());
  const same = (message: Buffer): Buffer => message;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, bytes, (error, reply) => {
      client.close();
      if (error) reject(error);
      else resolve(reply);
    });
  });
}

/** The services that reflection lists. Its request is `list_services: ""` (field 7), its answer holds their names. */
function reflected({ scheduler }: World, version: string): Promise<string[]> {
  const client = new Client(scheduler.grpc, credentials.createInsecure());
  const same = (message: Buffer): Buffer => message;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const stream = client.makeBidiStreamRequest(path, same, same);
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', (bytes: Buffer) => {
      stream.end();
      client.close();
      resolve(bytes.toString('latin1').match(/[a-z]+(\.[A-Za-z0-9]+)+/g) ?? []);
    });
    stream.write(Buffer.from([0x3a, 0x00]));
  });
}
