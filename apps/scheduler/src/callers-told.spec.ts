import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Config, readConfig } from '#config';
import { AdminKeyUnusable } from './admin-key.js';
import { callersTold } from './callers-told.js';

let folder: string;

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'berth-callers-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

function config(text: string, insecureListen = false): Config {
  const file = { path: 'berth.yaml', text: `${text}\ndata: ${folder}/data` };
  const result = readConfig({ file, env: {}, flags: { triton: [], insecureListen } });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
}

const path = (): string => join(folder, 'data', 'admin.key');
const modeOf = async (of: string): Promise<string> => ((await stat(of)).mode & 0o777).toString(8);

describe('the callers that are told', () => {
  it('are none on loopback, and no key is made', async () => {
    expect(await callersTold(config('http: 127.0.0.1:1'))).toEqual({ auth: null, adminKeyFile: null });
    await expect(stat(path())).rejects.toThrow('ENOENT');
  });

  it.each(['listen: 0.0.0.0', 'http: 192.0.2.1:80', 'grpc: "[::]:81"'])(
    'are the holder of the admin key with %s, whose file only its owner can read',
    async (text) => {
      const { auth, adminKeyFile } = await callersTold(config(text));
      const key = (await readFile(path(), 'utf8')).trim();
      expect(key).toMatch(/^berth_admin_[A-Za-z0-9_-]{43}$/);
      expect(adminKeyFile).toBe(path());
      expect(await Promise.all([modeOf(path()), modeOf(join(folder, 'data'))])).toEqual(['600', '700']);
      const hash = createHash('sha256').update(key).digest('hex');
      const granted = { role: 'admin', tenant: null, maxClass: null, expiresAt: null };
      expect(auth).toEqual({ keys: [{ id: 'admin', hash, ...granted }], jwt: [], certificates: [] });
    },
  );

  it('keep the key that there is, and close its file to others', async () => {
    const first = await callersTold(config('listen: 0.0.0.0'));
    await chmod(path(), 0o644);
    expect(await callersTold(config('listen: 0.0.0.0'))).toEqual(first);
    expect(await modeOf(path())).toBe('600');
  });

  it('are those of the configuration, where it tells of some', async () => {
    const told = config('listen: 0.0.0.0\nauth: {}');
    expect(await callersTold(told)).toEqual({
      auth: { keys: [], jwt: [], certificates: [] },
      adminKeyFile: null,
    });
    await expect(stat(path())).rejects.toThrow('ENOENT');
  });

  it('are none where the flag says so', async () => {
    expect(await callersTold(config('listen: 0.0.0.0', true))).toEqual({ auth: null, adminKeyFile: null });
  });

  it.each(['', 'CANARY', `berth_admin_${'x'.repeat(42)}`])(
    'are refused where the file holds %j',
    async (text) => {
      await callersTold(config('listen: 0.0.0.0'));
      await writeFile(path(), text);
      const refused = await callersTold(config('listen: 0.0.0.0')).catch((error: unknown) => error as Error);
      expect(refused).toBeInstanceOf(AdminKeyUnusable);
      expect((refused as Error).message).toContain(path());
      expect((refused as Error).message).not.toContain('CANARY');
    },
  );
});
