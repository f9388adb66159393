import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { openRows } from '#store-sqlite';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { Receiver } from '../support/receiver.js';
import { until } from '../support/until.js';

const KILLS = 2;
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

describe('a Berth that is killed while it tells events', () => {
  let folder: string;
  let triton: RunningSim;
  let receiver: Receiver;
  let berth: BerthProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-events-'));
    const secretFile = join(folder, 'secret');
    await writeFile(secretFile, SECRET);
    triton = await startTritonSim({ speed: 100 });
    receiver = await new Receiver().open();
    const { grpc, http, metrics } = triton.addresses;
    const endpoint = { name: 'ops', url: receiver.url, secretFile, allowPrivate: true };
    berth = await startBerth({
      config: { servers: [{ id: 'a', grpc, http, metrics }], webhooks: { endpoints: [endpoint] } },
    });
  });

  afterAll(async () => {
    await berth.remove();
    await receiver.close();
    await triton.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(Array.from({ length: KILLS }, (_, nth) => nth + 1))(
    'delivers after its restart all that was stored (kill %d)',
    async (kill) => {
      await berth.ready();
      receiver.received.length = 0;
      let answered = 0;
      receiver.answer = () => (answered++ < kill ? { status: 204 } : null);
      const { body } = await berth.request<{ items: { name: string }[] }>('GET', '/v1/models');
      for (const { name } of body.items) {
        await berth.request('POST', `/v1/models/${name}/unload`, { force: true });
        await berth.request('POST', `/v1/models/${name}/resolve`, { waitMs: 0 });
      }
      await until(() => receiver.received.length > kill);
      await berth.kill();
      const stored = await storedIds();
      expect(stored.length).toBeGreaterThan(0);
      receiver.received.length = 0;
      receiver.answer = () => ({ status: 204 });
      await berth.start();
      await until(() => stored.every((id) => ids().includes(id)));
      for (const { text, headers } of receiver.received) {
        expect(() => new Webhook(SECRET).verify(text, headers as Record<string, string>)).not.toThrow();
      }
      await until(async () => (await waiting()) === 0);
    },
  );

  const ids = (): unknown[] => receiver.received.map(({ headers }) => headers['webhook-id']);

  async function storedIds(): Promise<string[]> {
    const rows = await openRows(berth.dataDir);
    const found: string[] = [];
    for await (const { text } of rows.read('told/event/'))
      found.push((JSON.parse(text) as { id: string }).id);
    await rows.close();
    return found;
  }

  async function waiting(): Promise<number> {
    const { body } = await berth.request<{ items: { waiting: number }[] }>('GET', '/v1/webhooks/endpoints');
    return body.items[0]!.waiting;
  }
});
