import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { configOf } from '../support/config-of.js';
import { Dnsmasq, DOMAIN } from '../support/dnsmasq.js';
import { describeWithParts } from '../support/parts.js';
import { call } from '../support/running-scheduler.js';
import { PATIENCE_MS, until } from '../support/until.js';

const NAMES = Array.from({ length: 10 }, (_, nth) => `n${nth}.${DOMAIN}`);
/** No process listens there. */
const PORT = 1;
const ZONE = {
  a: Object.fromEntries(
    NAMES.map((name, nth) => [
      name,
      Array.from({ length: 1_000 }, (_, one) => `127.${nth + 1}.${one >> 8}.${one & 255}`),
    ]),
  ),
};

describeWithParts('10,000 names from DNS', ['dnsmasq'], () => {
  let dns: Dnsmasq;
  let triton: RunningSim;
  let folder: string;
  let scheduler: RunningScheduler;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-discovery-'));
    triton = await startTritonSim({ speed: 10, models: [{ name: 'm', gpuBytes: 1, loadMs: 100 }] });
    dns = await Dnsmasq.start(ZONE);
    const { grpc, metrics } = triton.addresses;
    const text = JSON.stringify({
      ...{ http: '127.0.0.1:0', grpc: '127.0.0.1:0', data: folder, servers: [{ id: 'a', grpc, metrics }] },
      discovery: NAMES.map((host) => ({ host, port: PORT, leaveSeconds: 1 })),
    });
    const log = pino({ level: 'silent' });
    scheduler = await createScheduler(configOf(text), { log, dns: dns.names, discoverEveryMs: 200 });
  });

  afterEach(async () => {
    await scheduler.close();
    await Promise.all([triton.close(), dns.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  const metrics = async () => String((await call({ scheduler }, 'GET', '/metrics')).body);

  it('are 1,000 servers at most, whose number of series is bounded, and the others are counted', async () => {
    await until(async () => {
      const text = await metrics();
      return (
        text.includes('\nberth_discovery_servers{state="present"} 1000\n') &&
        text.includes('\nberth_discovery_left_out 9000\n')
      );
    });
    expect((await metrics()).match(/^berth_observation_age_seconds\{/gm)).toHaveLength(1_001);
    const { body } = await call({ scheduler }, 'GET', '/v1/servers?pageSize=1000');
    expect([body.items.length, body.nextPageToken]).toEqual([1_000, expect.stringMatching(/./)]);
    // On a busy machine a look may take too long beside a thousand servers that do not answer: then the server takes no loads for a moment.
    const route = await until(async () => {
      const answer = await call({ scheduler }, 'POST', '/v1/models/m/resolve', { waitMs: PATIENCE_MS });
      return answer.status === 200 && answer;
    });
    expect(route).toMatchObject({ body: { server: { id: 'a' } } });
    await dns.publish({});
    await until(async () =>
      /^berth_discovery_servers\{state="(present|missing|leaving)"\} 0\n.* 0\n.* 0$/m.test(await metrics()),
    );
    await until(async () => (await call({ scheduler }, 'GET', '/v1/servers')).body.items.length === 1);
    expect(await call({ scheduler }, 'POST', '/v1/models/m/resolve')).toMatchObject({ status: 200 });
  });
});
