import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { until } from '../support/until.js';

const MAIN = fileURLToPath(new URL('../../dist/apps/scheduler/src/main.js', import.meta.url));

describe('files that are named', () => {
  let folder: string;
  let ca: string;
  let berth: BerthProcess;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-named-'));
    ca = join(folder, 'ca.pem');
    await writeFile(ca, '-----BEGIN CERTIFICATE-----\n');
    await writeFile(join(folder, 'headers'), 'x-key: secret\n');
    const servers = [
      { id: 'a', grpc: '127.0.0.1:1', tls: { ca } },
      { id: 'b', grpc: '127.0.0.1:3', headersFile: join(folder, 'headers') },
    ];
    berth = await startBerth({ config: { servers } });
  });

  afterEach(async () => {
    await berth.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it('over the API are refused, whatever is there, and Berth lives on', async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    for (const name of ['/dev/zero', join(folder, 'fifo'), ca]) {
      const body = { grpc: '127.0.0.1:2', tls: { ca: name } };
      const refused = await berth.request('PUT', '/v1/servers/x', body);
      expect([refused.status, refused.body]).toEqual([
        400,
        expect.objectContaining({
          reason: 'invalid_request',
          errors: [{ path: 'tls.ca', rule: 'may be set in the file only' }],
        }),
      ]);
    }
    expect((await berth.request('GET', '/health/live')).status).toBe(200);
  });

  it('keep their headers for the address of the file', async () => {
    const put = (grpc: string) => berth.request('PUT', '/v1/servers/b', { grpc, labels: { zone: 'a' } });
    const refused = await put('127.0.0.1:4');
    const errors = [{ path: 'grpc', rule: expect.stringMatching(/^may be set in the file only/) }];
    expect([refused.status, refused.body]).toEqual([400, expect.objectContaining({ errors })]);
    expect((await put('127.0.0.1:3')).status).toBe(201);
  });

  it('as the configuration itself are regular ones: a pipe ends the start with one message', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const env = { ...process.env, BERTH_CONFIG: pipe, BERTH_DATA: join(folder, 'data') };
    await expect(promisify(execFile)(process.execPath, [MAIN], { env })).rejects.toMatchObject({
      code: 1,
      stderr: `berth: the configuration is refused:\n  BERTH_CONFIG: must name a regular file: ${pipe} is a FIFO\n`,
    });
  });

  it('are read again at SIGHUP: a pipe changes nothing, and holds up no SIGTERM', async () => {
    await rm(ca);
    execFileSync('mkfifo', [ca]);
    process.kill(berth.pid, 'SIGHUP');
    await until(() => berth.log().includes(`servers[0].tls.ca: must name a regular file: ${ca} is a FIFO`));
    expect(berth.log()).toContain('nothing was changed');
    expect((await berth.request('GET', '/health/live')).status).toBe(200);
    process.kill(berth.pid, 'SIGHUP');
    expect(await berth.stop()).toEqual({ code: 0, signal: null });
  });
});
