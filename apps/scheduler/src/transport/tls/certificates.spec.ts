import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ServedTls } from '#config';
import { Certificates, type Served } from './certificates.js';
import { OwnAuthority, type Pair } from './own-authority.js';
import { TlsUnusable } from './pem.js';

const DAY_MS = 86_400_000;

let folder: string;
let authority: OwnAuthority;
let now: number;
let lines: string[];
let kept: Pair;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-tls-'));
  [now, lines] = [Date.now(), []];
  authority = await OwnAuthority.open(join(folder, 'ca'), 'berth', now);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
type Tls = ServedTls & { readonly names: readonly string[] };

const FILES = (): Tls => ({ pair: { cert: at('a.crt'), key: at('a.key') }, clientCa: null, names: [] });

const log = {
  info: (_: object, message: string) => void lines.push(message),
  warn: ({ why }: { why: string }, message: string) => void lines.push(`${message}: ${why}`),
};

function open(tls: Tls): Promise<Certificates> {
  return Certificates.open({
    ...{ tls, folder: at('data'), fleet: 'berth' },
    log: log as never,
    now: () => now,
  });
}

async function put(pair: Pair): Promise<void> {
  await writeFile(at('a.crt'), pair.cert);
  await writeFile(at('a.key'), pair.key);
}

const another = (): Promise<Pair> => authority.sign(['localhost'], now);

describe('certificates from files', () => {
  it('are taken up when both files have changed', async () => {
    const [first, second] = [await another(), await another()];
    await put(first);
    const certificates = await open(FILES());
    const told: Served[] = [];
    certificates.follow((served) => told.push(served));
    await certificates.read();
    expect([told.length, certificates.served.cert, certificates.authorityFile]).toEqual([
      0,
      first.cert,
      null,
    ]);
    await put(second);
    await certificates.read();
    expect(certificates.served).toMatchObject(second);
    expect(told).toEqual([certificates.served]);
    expect(lines).toEqual(['another TLS certificate is served from now on']);
  });

  it.each([
    [
      'the certificate is cut off',
      ({ cert }: Pair) => put({ ...kept, cert: cert.slice(0, 300) }),
      'tls.cert must hold whole',
    ],
    [
      'its chain is cut off',
      ({ cert }: Pair) => put({ ...kept, cert: cert + cert.slice(0, 300) }),
      'tls.cert must hold whole',
    ],
    ['the certificate is empty', () => put({ ...kept, cert: '' }), 'tls.cert must hold whole'],
    [
      'the key is cut off',
      ({ key }: Pair) => put({ ...kept, key: key.slice(0, 100) }),
      'tls.key must be the key of',
    ],
    [
      'the certificate has no key yet',
      ({ cert }: Pair) => put({ ...kept, cert }),
      'tls.key must be the key of',
    ],
    [
      'the key has no certificate yet',
      ({ key }: Pair) => put({ ...kept, key }),
      'tls.key must be the key of',
    ],
    ['the key is gone', () => rm(at('a.key')), 'tls.key must name a file that can be read'],
    ['the certificate is gone', () => rm(at('a.crt')), 'tls.cert must name a file that can be read'],
    ['there is garbage', () => put({ cert: 'CANARY', key: 'CANARY' }), 'tls.cert must hold whole'],
    ['the key is empty', () => put({ ...kept, key: '' }), 'tls.key must be the key of'],
    [
      'both are there, but the key is empty',
      ({ cert }: Pair) => put({ cert, key: '' }),
      'tls.key must be the key of',
    ],
    ['the key is garbage', () => put({ ...kept, key: 'CANARY' }), 'tls.key must be the key of'],
  ])('stay as they are where %s, and change once it is mended', async (_, damage, words) => {
    kept = await another();
    await put(kept);
    const certificates = await open(FILES());
    const next = await another();
    await damage(next);
    await certificates.read();
    await certificates.read();
    expect(certificates.served).toMatchObject(kept);
    expect(lines).toEqual([expect.stringContaining(`the last good one stays: ${words}`)]);
    expect(lines.join()).not.toMatch(/CANARY|PRIVATE KEY/);
    await expect(open(FILES())).rejects.toBeInstanceOf(TlsUnusable);
    await put(next);
    await certificates.read();
    expect(certificates.served).toMatchObject(next);
  });

  it('stay where the next one has expired, unless they have expired, too', async () => {
    kept = await another();
    await put(kept);
    const certificates = await open(FILES());
    const old = await authority.sign(['localhost'], now - 400 * DAY_MS);
    await put(old);
    await certificates.read();
    expect(certificates.served).toMatchObject(kept);
    expect(lines).toEqual([
      expect.stringMatching(/the last good one stays: tls.cert must not have expired \(20/),
    ]);
    now += 400 * DAY_MS;
    await certificates.read();
    expect(certificates.served).toMatchObject(old);
  });

  it('are told where they have expired at the start', async () => {
    await put(await authority.sign(['localhost'], now - 400 * DAY_MS));
    await open(FILES());
    expect(lines).toEqual([expect.stringContaining('the TLS certificate has expired')]);
  });

  it('tell of the same trouble again after it was mended', async () => {
    await put(await another());
    const certificates = await open(FILES());
    for (const pair of [{ cert: '', key: '' }, await another(), { cert: '', key: '' }]) {
      await put(pair);
      await certificates.read();
    }
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['the', 'ano', 'the']);
  });

  it('have the authorities of clients read with them', async () => {
    await put(await another());
    const tls = { ...FILES(), clientCa: at('clients.crt') };
    await expect(open(tls)).rejects.toThrow('tls.clientCa must name a file');
    await writeFile(at('clients.crt'), 'x');
    await expect(open(tls)).rejects.toThrow('tls.clientCa must hold whole certificates');
    const ca = await readFile(authority.path, 'utf8');
    await writeFile(at('clients.crt'), ca);
    const certificates = await open(tls);
    expect([certificates.asksClients, certificates.served.ca]).toEqual([true, ca]);
    await writeFile(at('clients.crt'), ca + ca);
    await certificates.read();
    expect(certificates.served.ca).toBe(ca + ca);
  });
});

describe('certificates of our own authority', () => {
  const OWN = { pair: null, clientCa: null, names: ['berth.example', '192.0.2.7', '::ffff:192.0.2.9'] };

  it('are for this host, and for the names of the configuration', async () => {
    const certificates = await open(OWN);
    expect(certificates.authorityFile).toBe(join(at('data'), 'ca.crt'));
    const served = new X509Certificate(certificates.served.cert);
    expect([certificates.isFor('berth.example'), certificates.isFor('evil.example')]).toEqual([true, false]);
    expect(served.checkIssued(new X509Certificate(await readFile(certificates.authorityFile!)))).toBe(true);
    expect(
      ['localhost', 'berth.example', 'elsewhere'].map((name) => served.checkHost(name) !== undefined),
    ).toEqual([true, true, false]);
    expect(
      ['127.0.0.1', '192.0.2.7', '::ffff:192.0.2.9', '192.0.2.8'].map(
        (ip) => served.checkIP(ip) !== undefined,
      ),
    ).toEqual([true, true, true, false]);
  });

  it('are renewed in their last 30 days', async () => {
    const certificates = await open(OWN);
    const first = certificates.served.cert;
    now += 334 * DAY_MS;
    await certificates.read();
    expect(certificates.served.cert).toBe(first);
    now += 2 * DAY_MS;
    await certificates.read();
    expect(certificates.served.cert).not.toBe(first);
    expect(lines).toEqual(['another TLS certificate is served from now on']);
  });
});
