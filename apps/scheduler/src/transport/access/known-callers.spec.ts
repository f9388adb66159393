import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hashOf } from '#access';
import { type Config, readConfig } from '#config';
import { AdminKeyUnusable } from './admin-key.js';
import { KnownCallers } from './known-callers.js';

let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-callers-'));
  lines = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function config(text: string, insecureListen = false): Config {
  const file = { path: 'berth.yaml', text: `${text}\ndata: ${folder}/data` };
  const result = readConfig({ file, env: {}, flags: { triton: [], insecureListen } });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
}

function callersOf(text: string, insecureListen = false): Promise<KnownCallers> {
  const log = { info: (facts: object, line: string) => void lines.push(`${line} ${JSON.stringify(facts)}`) };
  return KnownCallers.of(config(text, insecureListen), { log: log as never, wallNow: () => 0 });
}

const path = (): string => join(folder, 'data', 'admin.key');
const keyIn = async (): Promise<string> => (await readFile(path(), 'utf8')).trim();
const modeOf = async (of: string): Promise<string> => ((await stat(of)).mode & 0o777).toString(8);
const showing = (key: string) => ({ authorization: [`Bearer ${key}`], sans: [] });

const OTHER = `berth_other_${'x'.repeat(43)}`;
const AUTH = `auth: { keys: [{ id: other, hash: "sha256:${hashOf(OTHER)}", role: viewer }] }`;

describe('the callers that are known', () => {
  it('are any on loopback, and no key is made', async () => {
    const callers = await callersOf('http: 127.0.0.1:1');
    expect([callers.access.isOn, callers.adminKeyFile]).toEqual([false, null]);
    await expect(stat(path())).rejects.toThrow('ENOENT');
  });

  it.each(['listen: 0.0.0.0', 'http: 192.0.2.1:80', 'grpc: "[::]:81"'])(
    'are the holder of the admin key with %s, whose file only its owner can read',
    async (text) => {
      const { access, adminKeyFile } = await callersOf(text);
      const key = await keyIn();
      expect(key).toMatch(/^berth_admin_[A-Za-z0-9_-]{43}$/);
      expect(adminKeyFile).toBe(path());
      expect(await Promise.all([modeOf(path()), modeOf(join(folder, 'data'))])).toEqual(['600', '700']);
      const admin = { credential: 'admin', tenant: 'admin', role: 'admin', maxClass: null };
      expect([access.signIn(showing(key)), access.signIn(showing(OTHER))]).toEqual([admin, 'not_signed_in']);
      expect(lines).toEqual([expect.stringContaining(path())]);
      expect(lines.join()).not.toContain(key);
    },
  );

  it('keep the key that there is, and close its file to others', async () => {
    await callersOf('listen: 0.0.0.0');
    const key = await keyIn();
    await chmod(path(), 0o644);
    const { access } = await callersOf('listen: 0.0.0.0');
    expect([await keyIn(), await modeOf(path())]).toEqual([key, '600']);
    expect(access.signIn(showing(key))).toMatchObject({ role: 'admin' });
  });

  it('are those of the configuration, where it tells of some', async () => {
    const { access, adminKeyFile } = await callersOf(`listen: 0.0.0.0\n${AUTH}`);
    expect(access.signIn(showing(OTHER))).toMatchObject({ credential: 'other' });
    expect(adminKeyFile).toBeNull();
    await expect(stat(path())).rejects.toThrow('ENOENT');
  });

  it('are any where the flag says so', async () => {
    const callers = await callersOf('listen: 0.0.0.0', true);
    expect([callers.access.isOn, callers.adminKeyFile]).toEqual([false, null]);
  });

  it('change with the configuration, and are the admin again where it tells of none any more', async () => {
    const callers = await callersOf('listen: 0.0.0.0');
    const key = await keyIn();
    const found = (): unknown[] => [key, OTHER].map((one) => callers.access.signIn(showing(one)));
    const [admin, other] = [{ credential: 'admin' }, { credential: 'other' }];
    callers.take(config(AUTH).auth);
    expect(found()).toMatchObject(['not_signed_in', other]);
    callers.take(null);
    expect(found()).toMatchObject([admin, 'not_signed_in']);
  });

  it.each(['', 'CANARY', `berth_admin_${'x'.repeat(42)}`])(
    'are refused where the file holds %j',
    async (text) => {
      await callersOf('listen: 0.0.0.0');
      await writeFile(path(), text);
      const refused = await callersOf('listen: 0.0.0.0').catch((error: unknown) => error as Error);
      expect(refused).toBeInstanceOf(AdminKeyUnusable);
      expect((refused as Error).message).toContain(path());
      expect((refused as Error).message).not.toContain('CANARY');
    },
  );
});
