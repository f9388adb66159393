import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { copyFleet } from '#core';
import { explanationSchema, planSchema, toStruct } from '#contracts';
import { call, rpcClient, startWorld, type World } from '../support/running-scheduler.js';

const YAML = `
models:
  big: { gpuMemoryLimitMb: 20000 }
  huge: { gpuMemoryLimitMb: 99999 }
  shy: { enabled: false }
  few: { copies: { max: 1 } }
  first: { dependsOn: [second] }
  second: {}
`;

describe('why it is so, and what would be if', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({ yaml: YAML });
    await call(world, 'POST', '/v1/models/resnet50/resolve');
  });

  afterAll(() => world.close());

  const explain = async (model: string) => (await call(world, 'GET', `/v1/models/${model}/explain`)).body;

  it('says why a model is where it is', async () => {
    const body = explanationSchema.parse(await explain('resnet50'));
    expect(body).toMatchObject({ model: 'resnet50', state: 'ready', presentCopies: 2, predictedWaitMs: 0 });
    expect(body.copies).toMatchObject([
      { server: 'a', devices: [0, 1], phase: 'ready', leaving: null, flags: [] },
    ]);
    expect(body.copies[0]!.holds.map(({ reason }) => reason)).toEqual(['residency', 'in_use']);
    expect(body.servers).toMatchObject([{ server: 'a', state: 'ready', verdict: 'holds', host: null }]);
    expect(body.devices.map(({ ordinal, verdict }) => [ordinal, verdict])).toEqual([
      [0, 'holds'],
      [1, 'holds'],
    ]);
  });

  it('says in numbers why another one is nowhere', async () => {
    const body = explanationSchema.parse(await explain('mistral-7b'));
    expect(body).toMatchObject({ state: 'absent', copies: [], waiting: 0, lackingSince: null });
    const [device] = body.devices;
    expect(device).toMatchObject({ server: 'a', ordinal: 0, kind: 'gpu', together: [0, 1], residueMb: 0 });
    expect(device!.needsMb).toBeGreaterThan(0);
    // Less than that as long as what is in use there may be others'.
    expect(device!.freeMb!).toBeLessThanOrEqual(device!.capacityMb! - device!.heldMb);
    expect(device!.freeMb!).toBeGreaterThan(device!.needsMb!);
    expect(explanationSchema.parse(await explain('huge'))).toMatchObject({
      predictedWaitMs: null,
      servers: [{ verdict: 'not_in_repository' }],
    });
  });

  it('knows no unknown model', async () => {
    expect(await call(world, 'GET', '/v1/models/nobody/explain')).toMatchObject({
      status: 404,
      body: { reason: 'unknown_model' },
    });
    expect((await call(world, 'GET', '/v1/models/..x/explain')).status).toBe(400);
  });

  it('plans, and changes nothing', async () => {
    const { fleet } = world.scheduler.engine;
    const before = copyFleet(fleet);
    const declared = (await call(world, 'GET', '/v1/models')).body;
    const body = {
      models: { 'mobilenet-v2': { gpuMemoryLimitMb: 1000, pin: { copies: 1 } } },
      asked: ['bert-base'],
    };
    const { status, body: answer } = await call(world, 'POST', '/v1/plan', body);
    expect(status).toBe(200);
    const plan = planSchema.parse(answer);
    expect(plan).toMatchObject({ end: 'at_rest', frozen: false, lacking: [], pins: { fit: true } });
    expect(plan.orders.map(({ kind, model, wantedBy }) => [kind, model, wantedBy])).toEqual(
      expect.arrayContaining([
        ['load', 'mobilenet-v2', 'pin'],
        ['load', 'bert-base', 'request'],
      ]),
    );
    expect(plan.answers).toMatchObject([{ model: 'bert-base', server: 'a', refusal: null }]);
    const [device] = plan.devices;
    expect(device!.after.heldMb).toBeGreaterThanOrEqual(device!.before.heldMb + 1000);
    expect(held(copyFleet(fleet))).toEqual(held(before));
    expect((await call(world, 'GET', '/v1/models')).body.items.map(bare)).toEqual(declared.items.map(bare));
  });

  it('leaves out no model for its name', async () => {
    const named = { prototype: { gpuMemoryLimitMb: 'x' }, constructor: { gpuMemoryLimitMb: 'x' } };
    const { status, body } = await call(world, 'POST', '/v1/plan', { models: named });
    const paths = body.errors.map(({ path }: { path: string }) => path);
    expect([status, paths]).toEqual([
      400,
      ['models.prototype.gpuMemoryLimitMb', 'models.constructor.gpuMemoryLimitMb'],
    ]);
  });

  it('plans the loss of the only server', async () => {
    const plan = planSchema.parse((await call(world, 'POST', '/v1/plan', { lost: ['a'] })).body);
    expect(plan.answers).toContainEqual(
      expect.objectContaining({ model: 'resnet50', server: null, refusal: expect.any(Object) }),
    );
    expect(plan.devices[0]!.after.state).toBe('lost');
  });

  it('says which pins would not fit, and why', async () => {
    const pins = { 'mistral-7b': { copies: 3 } };
    const plan = planSchema.parse((await call(world, 'POST', '/v1/plan', { pins })).body);
    expect(plan.pins).toMatchObject({ fit: false, unplaced: [{ model: 'mistral-7b', copies: 1 }] });
  });

  it.each([
    ['nothing', {}, '', /must suppose something/],
    ['no body', undefined, '', /a body is required/],
    ['an unknown key', { color: 1 }, 'color', /not a known key/],
    ['a bad spec', { models: { m: { gpuMemoryLimitMb: -1 } } }, 'models.m.gpuMemoryLimitMb', /MiB from 0/],
    ['an unknown key of a spec', { models: { 'm.x': { color: 1 } } }, 'models["m.x"].color', /known key/],
    ['no spec', { models: { m: null } }, 'models.m', /mapping/],
    ['a bad name', { models: { '..': {} } }, 'models[".."]', /must be a name/],
    ['no copies', { pins: { resnet50: { copies: 0 } } }, 'pins.resnet50.copies', /from 1 to/],
    ['too many copies', { pins: { few: { copies: 2 } } }, 'pins.few.copies', /at most copies.max/],
    ['a pin of what is disabled', { pins: { shy: { copies: 1 } } }, 'pins.shy', /enabled: false/],
    ['no list', { lost: 'a' }, 'lost', /list/],
    ['a server both lost and drained', { lost: ['a'], drained: ['a'] }, 'drained[0]', /must not be lost/],
    ['no time', { asked: ['resnet50'], withinMs: 5 }, 'withinMs', /from 1000/],
    [
      'a circle',
      { models: { second: { dependsOn: ['first'] } } },
      'models.second.dependsOn',
      /back to itself/,
    ],
  ])('refuses to plan %s', async (_, body, path, rule) => {
    const answer = await call(world, 'POST', '/v1/plan', body);
    expect([answer.status, answer.body.reason]).toEqual([400, 'invalid_request']);
    expect(answer.body.errors).toContainEqual({ path, rule: expect.stringMatching(rule) });
  });

  it.each([
    [{ pins: { nobody: { copies: 1 } } }, 'unknown_model', 'pins.nobody'],
    [{ asked: ['resnet50', 'nobody'] }, 'unknown_model', 'asked[1]'],
    [{ lost: ['nowhere'] }, 'unknown_server', 'lost[0]'],
    [{ drained: ['a', 'nowhere'] }, 'unknown_server', 'drained[1]'],
  ])('does not know %j', async (body, reason, path) => {
    const answer = await call(world, 'POST', '/v1/plan', body);
    expect([answer.status, answer.body.reason]).toEqual([404, reason]);
    expect(answer.body.errors).toEqual([{ path, rule: expect.stringMatching(/^must be a /) }]);
  });

  it('does the same over gRPC', async () => {
    const admin = rpcClient(world, 'Admin');
    try {
      const explained = await admin.call('ExplainModel', { model: 'resnet50' }, new Metadata());
      expect(explained).toMatchObject({ model: 'resnet50', predictedWaitMs: 0, copies: [{ server: 'a' }] });
      const supposed = {
        models: toStruct({ 'mobilenet-v2': { gpuMemoryLimitMb: 1000 } }),
        pins: { 'mobilenet-v2': { copies: 1 } },
      };
      const plan = await admin.call('Plan', supposed, new Metadata());
      expect(plan).toMatchObject({ end: 'at_rest', orders: [{ kind: 'load', wantedBy: 'pin' }] });
      await expect(admin.call('Plan', {}, new Metadata())).rejects.toMatchObject({ code: 3 });
      await expect(admin.call('Plan', { lost: ['nowhere'] }, new Metadata())).rejects.toMatchObject({
        code: 5,
      });
      await expect(admin.call('ExplainModel', { model: 'nobody' }, new Metadata())).rejects.toMatchObject({
        code: 5,
      });
    } finally {
      admin.close();
    }
  });
});

/** What is declared, booked and waited for: looks and readings of use go on all the while. */
const held = ({
  models,
  replicas,
  waiting,
  bestEffort,
  wantedSince,
  nextOrder,
}: ReturnType<typeof copyFleet>) => {
  const phases = [...replicas.values()].map(({ id, phase, bookings }) => ({ id, phase, bookings }));
  return { models, phases, waiting, bestEffort, wantedSince, nextOrder };
};

const bare = ({ name, state, spec }: { name: string; state: string; spec: unknown }) => ({
  name,
  state,
  spec,
});
