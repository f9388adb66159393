import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { startBerth } from '../support/berth-process.js';
import { issueKey } from '../support/issued-key.js';
import { rpcClient } from '../support/running-scheduler.js';

const NAMES = 100_000;
const OVER_HTTP = 2_000;
/** They are asked for in so many parts, each of which ends in time also on a slow machine. */
const PARTS = 5;
const AT_ONCE = 64;

/** Names and labels of all series in an answer of `/metrics`, but for those that tell of Node itself. */
const seriesIn = (metrics: string): string[] =>
  metrics
    .split('\n')
    .filter((line) => !/^(#|nodejs_|$)/.test(line))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .sort();

const randomName = (): string => `m${Math.random().toString(36).slice(2)}`;

/** Does this so often, for some at a time. */
async function repeat(times: number, act: () => Promise<unknown>): Promise<void> {
  let left = times;
  const goOn = async (): Promise<void> => {
    while (left-- > 0) await act();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, goOn));
}

describe('names that no model has', () => {
  const [gateway, metrics] = [issueKey('gateway', 'gateway'), issueKey('scrape', 'metrics')];
  const metadata = new Metadata();
  metadata.set('authorization', gateway.headers['authorization']!);
  let berth: Awaited<ReturnType<typeof startBerth>>;
  let router: ReturnType<typeof rpcClient>;
  let before: readonly string[];
  const answers = new Set<unknown>();

  const overGrpc = async (): Promise<void> => {
    const call = router.call('resolve', { model: randomName() }, metadata);
    answers.add(await call.catch((error: ServiceError) => status[error.code]));
  };
  const overHttp = async (): Promise<void> => {
    const path = `/v1/models/${randomName()}/resolve`;
    answers.add((await berth.request('POST', path, {}, gateway.headers)).status);
  };
  const series = async () =>
    seriesIn((await berth.request<string>('GET', '/metrics', undefined, metrics.headers)).body);

  beforeAll(async () => {
    berth = await startBerth({ config: { auth: { keys: [gateway.line, metrics.line] } } });
    await berth.ready();
    router = rpcClient({ scheduler: { grpc: berth.grpc } as never }, 'Router');
    await overGrpc();
    await overHttp();
    // The numbers for autoscalers have samples from the first of them on.
    await until(async () => (await series()).includes('berth_servers_wanted'));
    before = await series();
  });

  afterAll(() => router.close());

  it.each(Array.from({ length: PARTS }, (_, at) => (at + 1) * (NAMES / PARTS)))(
    'add no series to the metrics when a caller with a key has asked for %i of them',
    async () => {
      await repeat((NAMES - OVER_HTTP) / PARTS, overGrpc);
      await repeat(OVER_HTTP / PARTS, overHttp);
      expect([...answers]).toEqual(['NOT_FOUND', 404]);
      expect(before.length).toBeGreaterThan(0);
      expect(await series()).toEqual(before);
    },
  );
});
