import { afterEach, describe, expect, it } from '@jest/globals';
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, status } from '@grpc/grpc-js';
import type { ContactFact, ModelId, ServerId } from '#core';
import { PATIENCE_MS, until } from '../../../test/support/until.js';
import { loadProtocol } from './protocol.js';
import { type TritonOptions, TritonServer } from './triton-server.js';

const open: { close: () => unknown }[] = [];

afterEach(() => open.splice(0).forEach((each) => each.close()));

type Answer = object | { code: status; details: string } | 'never';
type Answers = Partial<Record<string, Answer | ((request: unknown) => Answer)>>;

const error = (code: status, details: string) => ({ code, details });
const M = 'm' as ModelId;
const READY = { name: 'm', version: '1', state: 'READY' };
const HEALTHY: Answers = {
  RepositoryModelLoad: {},
  RepositoryModelUnload: {},
  ModelReady: { ready: true },
  ServerMetadata: { version: '2.51.0' },
  RepositoryIndex: { models: [READY] },
  ModelStatistics: { model_stats: [{ name: 'm', version: '1' }] },
};

interface Fake {
  readonly grpc: string;
  /** The calls it got, in their order. */
  readonly calls: [name: string, request: unknown, header: unknown][];
}

/** A server that answers each call as it is told to. */
async function startFake(answers: Answers): Promise<Fake> {
  const calls: Fake['calls'] = [];
  const server = new Server();
  const handler =
    (name: string) =>
    ({ request, metadata }: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>) => {
      calls.push([name, request, metadata.get('k')[0]]);
      const told = answers[name] ?? error(status.UNIMPLEMENTED, 'no such call');
      const answer = typeof told === 'function' ? told(request) : told;
      if (answer === 'never') return;
      if ('code' in answer) reply(answer);
      else reply(null, answer);
    };
  const service = loadProtocol();
  server.addService(service, Object.fromEntries(Object.keys(service).map((name) => [name, handler(name)])));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (failure, bound) =>
      failure ? reject(failure) : resolve(bound),
    ),
  );
  open.push({ close: () => server.forceShutdown() });
  return { grpc: `127.0.0.1:${port}`, calls };
}

interface Started extends Fake {
  readonly triton: TritonServer;
  readonly facts: ContactFact[];
}

async function start(answers: Answers = {}, options: Partial<TritonOptions> = {}): Promise<Started> {
  const fake = await startFake({ ...HEALTHY, ...answers });
  const id = 't0' as ServerId;
  const clock = { now: () => performance.now() };
  const given = {
    id,
    grpc: fake.grpc,
    metrics: null,
    headers: { k: 'v' },
    tls: null,
    clock,
    callTimeoutMs: PATIENCE_MS,
  };
  const triton = new TritonServer({ ...given, ...options });
  open.push(triton);
  const facts: ContactFact[] = [];
  triton.watch((fact) => void facts.push(fact));
  await until(() => facts.includes('connected'));
  return { ...fake, triton, facts };
}

describe('an order', () => {
  it('goes out once, with the headers and no parameters', async () => {
    const { triton, calls } = await start();
    await triton.load(M, null, PATIENCE_MS);
    await triton.unload(M);
    expect(calls).toEqual([
      ['RepositoryModelLoad', { model_name: 'm' }, 'v'],
      ['ModelReady', { name: 'm' }, 'v'],
      ['ModelStatistics', { name: 'm' }, 'v'],
      ['RepositoryModelUnload', { model_name: 'm' }, 'v'],
    ]);
  });

  it('carries the config and nothing beside it', async () => {
    const { triton, calls } = await start();
    await triton.load(M, { base: '{"backend":"b"}', gpus: [1] }, PATIENCE_MS);
    const config = '{"backend":"b","instance_group":[{"count":1,"gpus":[1],"kind":"KIND_GPU"}]}';
    const parameters = { config: { string_param: config } };
    expect(calls[0]?.[1]).toEqual({ model_name: 'm', parameters });
  });

  it('is refused before it is sent where its config or its name can not be sent', async () => {
    const { triton, calls } = await start();
    const refused = { name: 'OrderRefused', failure: 'configuration' };
    await expect(triton.load(M, { base: '{', gpus: [] }, PATIENCE_MS)).rejects.toMatchObject(refused);
    await expect(triton.load('../m' as ModelId, null, PATIENCE_MS)).rejects.toMatchObject(refused);
    await expect(triton.unload('a/b' as ModelId)).rejects.toMatchObject(refused);
    expect(calls).toEqual([]);
  });

  it('is not sent where there is no connection to send it over', async () => {
    const grpc = '127.0.0.1:1';
    const clock = { now: () => 0 };
    const triton = new TritonServer({
      id: 't0' as ServerId,
      grpc,
      metrics: null,
      headers: {},
      tls: null,
      clock,
    });
    open.push(triton);
    await expect(triton.load(M, null, PATIENCE_MS)).rejects.toMatchObject({ name: 'OrderUnsent' });
  });

  it('has an unknown outcome after its deadline', async () => {
    const { triton } = await start(
      { RepositoryModelLoad: 'never', RepositoryModelUnload: 'never' },
      { callTimeoutMs: 50 },
    );
    await expect(triton.load(M, null, 50)).rejects.not.toHaveProperty('failure');
    await expect(triton.unload(M)).rejects.not.toHaveProperty('failure');
  });

  it.each([
    ['says no', { ready: false }],
    ['says nothing, which is no', {}],
    ['says no as 2.70 does', error(status.NOT_FOUND, "Request for unknown model: 'm' is not found")],
    ['fails', error(status.INTERNAL, 'x')],
  ])('has an unknown outcome where ModelReady %s', async (_, ModelReady) => {
    const { triton } = await start({ ModelReady });
    const load = triton.load(M, null, PATIENCE_MS);
    await expect(load).rejects.toThrow();
    await expect(load).rejects.not.toHaveProperty('failure');
  });

  it.each([
    ['missing', []],
    ['configuration', [READY]],
  ])('that could not be polled is %s by what the index shows', async (failure, models) => {
    const RepositoryModelLoad = error(
      status.INTERNAL,
      "failed to load 'm', failed to poll from model repository",
    );
    const { triton } = await start({ RepositoryModelLoad, RepositoryIndex: { models } });
    await expect(triton.load(M, null, PATIENCE_MS)).rejects.toMatchObject({ failure });
  });

  it('tells that the server is leaving when it says so', async () => {
    const RepositoryModelUnload = error(status.UNAVAILABLE, 'Server not ready');
    const { triton, facts } = await start({ RepositoryModelUnload });
    await expect(triton.unload(M)).rejects.toMatchObject({ failure: 'transient' });
    expect(facts).toEqual(['connected', 'leaving']);
  });
});

describe('a look', () => {
  it('reads the index before the statistics, and leaves out names it would never send', async () => {
    const models = [
      READY,
      { name: '.git' },
      { name: '../m' },
      { name: 'a..b' },
      { name: 'n', state: 'DREAMING' },
    ];
    const fail = { count: '2' };
    const model_stats = [
      {
        name: 'm',
        version: '1',
        last_inference: '1700000000000',
        inference_stats: {
          success: { count: '7' },
          fail,
          queue: { count: '7', ns: '21500000' },
        },
        memory_usage: [
          { type: 'CPU', id: '0', byte_size: '5' },
          { type: 'GPU', id: '1', byte_size: '1048576' },
        ],
      },
    ];
    const { triton, calls } = await start({ RepositoryIndex: { models }, ModelStatistics: { model_stats } });
    const look = await triton.look('full', false);
    expect(look).toMatchObject({ mode: null, serverVersion: null, metrics: null });
    expect(look.endedAt).toBeGreaterThan(look.begunAt);
    expect(look.index).toEqual([
      { model: 'm', version: '1', state: 'READY', reason: '' },
      { model: 'n', version: '', state: 'UNKNOWN', reason: '' },
    ]);
    expect(look.serving).toEqual([
      {
        ...{ model: 'm', version: '1', lastInference: 1_700_000_000_000, succeeded: 7, failed: 2 },
        waited: 21.5,
        memory: [{ ordinal: 1, bytes: 1_048_576 }],
      },
    ]);
    expect(calls.map(([name]) => name)).toEqual(['RepositoryIndex', 'ModelStatistics']);
  });

  it('leaves the index out where only statistics are wanted', async () => {
    const { triton, calls } = await start();
    expect((await triton.look('statistics', false)).index).toBeNull();
    expect(calls.map(([name]) => name)).toEqual(['ModelStatistics']);
  });

  it('finds the mode and the version by a probe', async () => {
    const { triton, calls } = await start();
    expect(await triton.look('full', true)).toMatchObject({ mode: 'explicit', serverVersion: '2.51.0' });
    expect(calls[0]?.slice(0, 2)).toEqual(['RepositoryModelUnload', { model_name: 'berth.mode-probe' }]);
  });

  it('reads the index of a server in another mode', async () => {
    const text = 'explicit model load / unload is not allowed if polling is enabled';
    const { triton } = await start({ RepositoryModelUnload: error(status.UNAVAILABLE, text) });
    const look = await triton.look('full', true);
    expect(look.mode).toBe('wrong_mode');
    expect(look.index).toHaveLength(1);
  });

  const restricted = error(
    status.UNAVAILABLE,
    "This protocol is restricted, expecting header 'triton-grpc-protocol-k'",
  );
  it.each<[string, unknown, Answers]>([
    [
      'the index is restricted',
      { mode: 'restricted' },
      { RepositoryModelUnload: restricted, RepositoryIndex: restricted },
    ],
    ['the index does not answer', 'timed_out', { RepositoryIndex: 'never' }],
    ['the server leaves', 'unreachable', { ModelStatistics: error(status.UNAVAILABLE, 'Server not ready') }],
    ['a row has no name', 'nonsense', { RepositoryIndex: { models: [{ state: 'READY' }] } }],
    ['statistics have no version', 'nonsense', { ModelStatistics: { model_stats: [{ name: 'm' }] } }],
    ['it is no Triton', 'nonsense', { RepositoryIndex: error(status.UNIMPLEMENTED, 'what?') }],
    ['it is no Triton either', 'nonsense', { RepositoryModelUnload: error(status.UNIMPLEMENTED, 'what?') }],
  ])('is refused where %s', async (_, why, answers) => {
    const { triton } = await start(answers, { callTimeoutMs: why === 'timed_out' ? 200 : PATIENCE_MS });
    await expect(triton.look('full', true)).rejects.toMatchObject({ name: 'LookRefused', why });
  });

  it('is unreachable once the connection is closed', async () => {
    const { triton } = await start();
    triton.close();
    await expect(triton.look('full', false)).rejects.toMatchObject({ why: 'unreachable' });
  });

  const gone = "Request for unknown model: 'm' version 1 is not at ready state";
  const leftElsewhere = "requested model 'm' is not available";
  const none = { model_stats: [] };
  it.each<[string, string, Answer, object]>([
    ['a model left under the statistics', 'ModelStatistics', error(status.UNAVAILABLE, gone), none],
    [
      'a model left, as other releases say it',
      'ModelStatistics',
      error(status.INVALID_ARGUMENT, leftElsewhere),
      none,
    ],
    [
      'files went under the index',
      'RepositoryIndex',
      error(status.INTERNAL, 'failed to stat file /models/m/1'),
      { models: [READY] },
    ],
  ])('asks once more where %s, and keeps what was read', async (_, call, failure, answer) => {
    const answers: Answer[] = [failure, answer];
    const { triton, calls } = await start({ [call]: () => answers.shift() ?? 'never' });
    expect((await triton.look('full', false)).index).toHaveLength(1);
    expect(calls.filter(([name]) => name === call)).toHaveLength(2);
    expect(calls).toHaveLength(3);
  });

  it('that fails so twice is refused, which says nothing of the server', async () => {
    const { triton, calls } = await start({ ModelStatistics: error(status.UNAVAILABLE, gone) });
    await expect(triton.look('statistics', false)).rejects.toMatchObject({ why: 'not_now' });
    expect(calls).toHaveLength(2);
  });

  it('asks only once where no answer came', async () => {
    const { triton, calls } = await start({ ModelStatistics: 'never' }, { callTimeoutMs: 200 });
    await expect(triton.look('statistics', false)).rejects.toMatchObject({ why: 'timed_out' });
    expect(calls).toHaveLength(1);
  });
});
