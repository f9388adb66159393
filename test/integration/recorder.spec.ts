import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { loadConfig } from '#config';
import { FORMAT, openRecording } from '#recording';
import { createScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { checkRecordedTurns } from '../support/recorded-turns.js';
import { until } from '../support/until.js';

const SECRETS = ['key-of-the-header', 'key-of-the-file'];

describe('a scheduler that records its turns', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-recorder-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  /** A scheduler with two servers that do not run, and what it logs. */
  async function scheduler(
    recorder: object,
  ): Promise<{ running: Awaited<ReturnType<typeof createScheduler>>; log: string[] }> {
    await writeFile(join(folder, 'headers.yaml'), `x-key: ${SECRETS[1]}`);
    const servers = [
      { id: 'a', grpc: '127.0.0.1:9', headers: { 'x-key': SECRETS[0] } },
      { id: 'b', grpc: '127.0.0.1:10', headersFile: join(folder, 'headers.yaml') },
    ];
    const [http, grpc] = ['127.0.0.1:0', '127.0.0.1:0'];
    const text = JSON.stringify({ http, grpc, data: join(folder, 'data'), servers, recorder });
    const result = await loadConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    const log: string[] = [];
    const running = await createScheduler(result.config, {
      log: pino({}, { write: (line: string) => void log.push(line) }),
    });
    return { running, log };
  }

  it('keeps its secrets, says which process it is, and ends the file when it ends', async () => {
    const { running } = await scheduler({ maxFileMb: 1, files: 2 });
    await until(() => running.engine.fleet.servers.get('b' as never)?.refused === true);
    const hasty = { method: 'POST', body: '{"waitMs":0,"requestId":"trace-4711"}' };
    const headers = { 'content-type': 'application/json' };
    const asked = await fetch(`${running.http}/v1/models/m/resolve`, { ...hasty, headers });
    expect(await asked.json()).toMatchObject({ requestId: 'trace-4711' });
    await running.close();
    const turns = join(folder, 'data', 'turns');
    const [name, ...others] = await readdir(turns);
    expect(others).toEqual([]);
    const text = await readFile(join(turns, name!), 'utf8');
    expect(SECRETS.filter((secret) => text.includes(secret))).toEqual([]);
    expect(text).toContain('"ServerDeclared"');
    expect(text).toContain('"requestId":"trace-4711"');
    const recording = await openRecording(join(turns, name!));
    await recording.close();
    expect(recording.header).toEqual({
      format: FORMAT,
      berth: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      node: process.version,
      fleet: 'berth',
      term: 1,
      recordedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      turn: 1,
    });
    await checkRecordedTurns(turns, { wasKilled: false });
    await appendFile(join(turns, name!), '{"turn":');
    await expect(checkRecordedTurns(turns, { wasKilled: false })).rejects.toThrow(
      'comes after the line that ends',
    );
  });

  it('goes on where it cannot record, and says so once', async () => {
    await writeFile(join(folder, 'in-the-way'), '');
    const { running, log } = await scheduler({ dir: join(folder, 'in-the-way') });
    const said = (): string[] => log.filter((line) => line.includes('recorded no more'));
    await until(() => said().length > 0);
    const metrics = await (await fetch(`${running.http}/metrics`)).text();
    expect(metrics).toContain('berth_recorder_recording 0');
    expect(metrics).toContain('berth_recorder_failures_total 1');
    expect((await fetch(`${running.http}/health/live`)).status).toBe(200);
    await running.close();
    expect(said()).toHaveLength(1);
  });
});
