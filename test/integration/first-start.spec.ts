import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { berthctl } from '../support/berthctl.js';
import { askTls, tlsRouter } from '../support/tls-clients.js';
import { until } from '../support/until.js';

const MAIN = fileURLToPath(new URL('../../dist/apps/scheduler/src/main.js', import.meta.url));
/** Only this machine can reach it, and no rule for loopback addresses knows it: the way beyond loopback without leaving the machine. */
const BEYOND = '::ffff:127.0.0.1';

const UNAUTHENTICATED = 16;

describe('the first start beyond loopback', () => {
  let folder: string;
  let service: ChildProcess;
  let text: string;

  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'berth-first-'))));

  afterEach(async () => {
    service.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  const inData = (name: string): string => join(folder, 'data', name);
  const said = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? '';
  const url = (): string => said(/HTTP +(\S+)/).replace(/\[.*\]/, 'localhost');
  const grpc = (): string => said(/gRPC +(\S+)/).replace(/\[.*\]/, '127.0.0.1');

  async function start(...flags: string[]): Promise<void> {
    if (!existsSync(MAIN)) throw new Error('there is no dist/: run `npm run build` first');
    text = '';
    const told = { BERTH_HTTP: '127.0.0.1:0', BERTH_GRPC: '127.0.0.1:0', BERTH_DATA: join(folder, 'data') };
    service = spawn(process.execPath, [MAIN, ...flags], { cwd: folder, env: { ...process.env, ...told } });
    for (const stream of [service.stdout!, service.stderr!])
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until(() => text.includes('Try:') || service.exitCode !== null);
  }

  async function stop(): Promise<void> {
    service.kill('SIGTERM');
    expect((await once(service, 'exit'))[0]).toBe(0);
  }

  const modes = async (...names: string[]): Promise<string[]> =>
    Promise.all(names.map(async (name) => ((await stat(inData(name))).mode & 0o777).toString(8)));

  it('makes a key and an authority, which clients use, and the next start uses again', async () => {
    await start('--listen', BEYOND);
    const [key, ca] = [
      (await readFile(inData('admin.key'), 'utf8')).trim(),
      await readFile(inData('ca.crt'), 'utf8'),
    ];
    expect(await modes('', 'admin.key', 'ca.key')).toEqual(['700', '600', '600']);
    expect(text).toContain(inData('admin.key'));
    expect(text).toContain(inData('ca.crt'));
    expect(text).not.toMatch(/berth_admin_|PRIVATE/);

    expect((await askTls(`${url()}/v1/models`, { ca })).status).toBe(401);
    const authorization = `Bearer ${key}`;
    expect((await askTls(`${url()}/v1/models`, { ca }, { authorization })).status).toBe(200);
    const router = tlsRouter(grpc(), ca);
    await expect(router.resolve('resnet50')).rejects.toMatchObject({ code: UNAUTHENTICATED });
    expect(await router.resolve('resnet50', key)).toMatchObject({ model: 'resnet50' });
    router.close();
    const options = ['--url', url(), '--ca', inData('ca.crt'), '--key-file', inData('admin.key')];
    expect(await berthctl(['get', 'models', ...options])).toMatchObject({ status: 0, err: '' });
    expect(await fetched(`${url()}/v1/models`, authorization)).toBe('200\n');

    await stop();
    await start('--listen', BEYOND);
    expect((await readFile(inData('admin.key'), 'utf8')).trim()).toBe(key);
    expect((await askTls(`${url()}/v1/models`, { ca }, { authorization })).status).toBe(200);
    await stop();
    expect(text).not.toMatch(/berth_admin_|PRIVATE/);
  });

  /** As a program does that is told of the authority by its environment. */
  async function fetched(from: string, authorization: string): Promise<string> {
    const program = `fetch(process.argv[1], { headers: { authorization: process.argv[2] } }).then(({ status }) => console.log(status))`;
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: inData('ca.crt') };
    return (await promisify(execFile)(process.execPath, ['-e', program, from, authorization], { env }))
      .stdout;
  }

  it('makes no key where any client may do all, and says so', async () => {
    await start('--listen', BEYOND, '--insecure-listen');
    expect(existsSync(inData('admin.key'))).toBe(false);
    expect(text).toContain('*** OPEN: any client that reaches this Berth may do all (--insecure-listen)');
    // The log goes another way than the banner.
    await until(() => text.includes('"level":40'));
    expect(text).toContain('--insecure-listen: any client that reaches this Berth may do all, without a key');
    const ca = await readFile(inData('ca.crt'), 'utf8');
    const asked = (host: string) => askTls(`${url()}/metrics`, { ca, servername: 'localhost' }, { host });
    const { status, body } = await asked('localhost');
    expect([status, body]).toEqual([200, expect.stringContaining('berth_insecure_listen 1')]);
    expect((await asked('berth.example')).status).toBe(403);
    await stop();
  });

  it.each([
    [['--insecure-listen'], '--insecure-listen: must go with an address beyond loopback'],
    [['--listen', `[${BEYOND}]:7080`], '--listen: must be an IP address or a host name, without a port'],
  ])('is refused with %j', async (flags, words) => {
    await start(...flags);
    // What it has written may be read only after its end.
    await until(() => text.includes(words));
    expect(service.exitCode).toBe(1);
  });

  it('needs neither on loopback', async () => {
    await start('--listen', '127.0.0.1');
    expect(url()).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(['admin.key', 'ca.crt', 'ca.key'].filter((name) => existsSync(inData(name)))).toEqual([]);
    await stop();
  });
});
