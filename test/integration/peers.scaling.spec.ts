import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { externalScalerClientService } from '#contracts';
import { type Peer, type PeersWorld, startPeers } from '../support/peers.js';
import { until } from '../support/until.js';

const SCALED = { name: 'scaled', namespace: 'default', scalerMetadata: {} };
const METHODS = externalScalerClientService();

describe('KEDA that asks a Berth that does not lead', () => {
  let world: PeersWorld;
  let leader: Peer;
  let follower: Peer;
  let client: Client;

  beforeAll(async () => {
    world = await startPeers({ areLinked: true });
    leader = await world.leader();
    follower = (await world.followers())[1]!;
    client = new Client(follower.scheduler.grpc, credentials.createInsecure());
  });

  afterAll(async () => {
    client.close();
    await world.close();
  });

  const ask = (method: string, request: object, deadlineMs = 60_000): Promise<unknown> => {
    const { path, requestSerialize, responseDeserialize } = METHODS[method]!;
    const deadline = Date.now() + deadlineMs;
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: unknown): void =>
        error ? reject(error) : resolve(answer);
      const metadata = new Metadata();
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline },
        done,
      );
    });
  };

  /** What a stream has told, and how it ended. */
  const listen = () => {
    const { path, requestSerialize, responseDeserialize } = METHODS['StreamIsActive']!;
    const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, SCALED);
    const heard = { told: [] as unknown[], errors: [] as Error[], cancel: () => stream.cancel() };
    stream.on('data', (answer: unknown) => heard.told.push(answer));
    stream.on('error', (error: Error) => heard.errors.push(error));
    return heard;
  };

  it('has the answers of the leader', async () => {
    expect(await ask('GetMetrics', { scaledObjectRef: SCALED, metricName: 'servers' })).toEqual({
      metricValues: [{ metricName: 'servers', metricValue: '1', metricValueFloat: 1 }],
    });
    expect(await ask('IsActive', SCALED)).toEqual({ result: true });
    expect(await ask('GetMetricSpec', SCALED)).toMatchObject({ metricSpecs: [{ metricName: 'servers' }] });
    const other = { scaledObjectRef: SCALED, metricName: 'cpus' };
    await expect(ask('GetMetrics', other)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('keeps its stream while no leader answers, which is told once one does', async () => {
    const before = listen();
    await until(() => before.told.length > 0);
    leader.link!.cut();
    const meanwhile = listen();
    await expect(ask('IsActive', SCALED, 500)).rejects.toThrow();
    expect(meanwhile.told).toEqual([]);
    world.elections.depose();
    await until(() => meanwhile.told.length > 0);
    expect([before, meanwhile]).toMatchObject(
      Array.from({ length: 2 }, () => ({ told: [{ result: true }], errors: [] })),
    );
    for (const heard of [before, meanwhile]) heard.cancel();
  });
});
