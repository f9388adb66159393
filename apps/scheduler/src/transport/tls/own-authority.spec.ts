import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OwnAuthority } from './own-authority.js';
import { TlsUnusable } from './pem.js';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const DAY_MS = 86_400_000;

let folder: string;

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'berth-authority-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (now = NOW): Promise<OwnAuthority> => OwnAuthority.open(join(folder, 'data'), 'berth', now);
const inData = (name: string): string => join(folder, 'data', name);
const authority = async (): Promise<X509Certificate> => new X509Certificate(await readFile(inData('ca.crt')));
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('the authority of our own', () => {
  it('is made once, lasts ten years, and only its owner can read its key', async () => {
    expect((await open()).path).toBe(inData('ca.crt'));
    expect((await readdir(join(folder, 'data'))).sort()).toEqual(['ca.crt', 'ca.key']);
    expect(await Promise.all([modeOf(inData('')), modeOf(inData('ca.key'))])).toEqual(['700', '600']);
    const made = await authority();
    expect([made.ca, made.verify(made.publicKey)]).toEqual([true, true]);
    expect(Date.parse(made.validTo) - NOW).toBe(3_650 * DAY_MS);
    expect(made.checkPrivateKey(createPrivateKey(await readFile(inData('ca.key'))))).toBe(true);
    await open();
    expect((await authority()).fingerprint256).toBe(made.fingerprint256);
  });

  it('closes its key to others, where it was opened', async () => {
    await open();
    await chmod(inData('ca.key'), 0o644);
    await open();
    expect(await Promise.all([modeOf(inData('ca.key')), modeOf(inData('ca.crt'))])).toEqual(['600', '644']);
  });

  it('leaves the mode of a key that only its owner can read', async () => {
    await open();
    await chmod(inData('ca.key'), 0o400);
    await open();
    expect(await modeOf(inData('ca.key'))).toBe('400');
  });

  it('signs a server certificate for a year, with all names', async () => {
    const pair = await (await open()).sign(['localhost', 'berth.example', '127.0.0.1', '::1'], NOW);
    const certificate = new X509Certificate(pair.cert);
    const made = await authority();
    expect([certificate.checkIssued(made), certificate.verify(made.publicKey), certificate.ca]).toEqual([
      true,
      true,
      false,
    ]);
    expect(certificate.subjectAltName).toBe(
      'DNS:localhost, DNS:berth.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(Date.parse(certificate.validTo) - NOW).toBe(365 * DAY_MS);
    expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
  });

  it('signs another one with another key each time, and none that outlives it', async () => {
    const opened = await open();
    const soon = NOW + 3_600 * DAY_MS;
    const [one, other] = await Promise.all([opened.sign(['a'], NOW), opened.sign(['a'], soon)]);
    expect(one.key).not.toBe(other.key);
    expect(new X509Certificate(other.cert).validTo).toBe((await authority()).validTo);
  });

  it('is another one in another folder, by its name too', async () => {
    await open();
    await OwnAuthority.open(join(folder, 'other'), 'berth', NOW);
    const other = new X509Certificate(await readFile(join(folder, 'other', 'ca.crt')));
    expect(other.subject).toMatch(/^CN=Berth berth [0-9a-f]{8}$/);
    expect(other.subject).not.toBe((await authority()).subject);
  });

  it.each([
    ['its key is missing', () => rm(inData('ca.key')), 'must be there both, or neither'],
    ['its certificate is missing', () => rm(inData('ca.crt')), 'must be there both, or neither'],
    ['its key is another one', () => otherKey(), 'ca.key must belong together'],
    ['its key is none', () => writeFile(inData('ca.key'), 'CANARY'), 'ca.key must belong together'],
    ['its certificate is none', () => writeFile(inData('ca.crt'), 'x'), 'must hold whole certificates'],
  ])('is refused where %s', async (_, damage, words) => {
    await open();
    await damage();
    const refused = await open().catch((error: unknown) => error as Error);
    expect(refused).toBeInstanceOf(TlsUnusable);
    expect((refused as Error).message).toContain(words);
    expect((refused as Error).message).toContain(inData('ca.crt'));
    expect((refused as Error).message).not.toContain('CANARY');
  });

  it('is refused once it has expired', async () => {
    await open();
    await expect(open(NOW + 3_651 * DAY_MS)).rejects.toThrow('must not have expired');
  });
});

async function otherKey(): Promise<void> {
  await OwnAuthority.open(join(folder, 'other'), 'berth', NOW);
  await writeFile(inData('ca.key'), await readFile(join(folder, 'other', 'ca.key')));
}
