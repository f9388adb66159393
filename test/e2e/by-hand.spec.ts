import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ModelMessage, PageMessage, RouteMessage, ServerMessage } from '#contracts';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { describeReal } from '../support/real-triton.js';
import { until } from '../support/until.js';
import { infer } from './someone.js';
import { COPY_MB } from './stage.js';

const SERVE = fileURLToPath(new URL('../../tools/real-triton/serve.mjs', import.meta.url));

/** What the documents tell a newcomer to type: a real Triton by `serve.mjs`, and Berth by the line that it prints. */
describeReal('a Triton and Berth started by hand', () => {
  let folder: string;
  let triton: ChildProcess;
  let berth: BerthProcess;
  let printed = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-by-hand-'));
    triton = spawn(process.execPath, [SERVE, folder, '--', '--disable-auto-complete-config']);
    triton.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const flag = await until(() => /^Now: npm start -- (--triton) (\S+)$/m.exec(printed)?.slice(1));
    berth = await startBerth({ flags: flag, config: { defaults: { cpuMemoryLimitMb: COPY_MB } } });
    await berth.ready();
  });

  afterAll(async () => {
    triton.kill();
    await Promise.all([berth.remove(), once(triton, 'exit')]);
    await rm(folder, { recursive: true, force: true });
  });

  it('find each other: the flag says where metrics and HTTP are', async () => {
    const { body } = await berth.request<PageMessage<ServerMessage>>('GET', '/v1/servers');
    const [, address] = /--triton (\S+)/.exec(printed)!;
    expect(body.items).toMatchObject([
      {
        id: address!.replace(':', '-'),
        state: 'ready',
        http: /http {5}(\S+)/.exec(printed)![1],
        devices: [{ kind: 'cpu', heldMb: 0 }],
      },
    ]);
    expect(berth.log()).toContain(`servers  ${address!.replace(':', '-')} (${address})`);
  });

  it('serve the sample models', async () => {
    const route = await berth.request<RouteMessage>('POST', '/v1/models/quick/resolve');
    expect(route).toMatchObject({ status: 200, body: { model: 'quick', cold: true } });
    expect(await infer(route.body.server, 'quick', 21)).toBe(42);
  });

  it('load an ensemble with its steps, which cannot be taken from under it', async () => {
    const { status, body } = await berth.request<RouteMessage>('POST', '/v1/models/twice/resolve');
    expect(status).toBe(200);
    expect(await infer(body.server, 'twice', 1)).toBe(4);
    const slow = await berth.request<ModelMessage>('GET', '/v1/models/slow');
    expect(slow.body.copies).toMatchObject([{ phase: 'ready', memoryMb: { reserved: COPY_MB } }]);
    const refused = await berth.request('POST', '/v1/models/slow/unload', {});
    expect(refused).toMatchObject({ status: 409, body: { reason: 'in_use', user: 'twice' } });
  });
});
