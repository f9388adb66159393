import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { StoreUnusable } from '#kept';
import { type OpenRedis, openRedis, type RedisOptions } from '#redis';
import { OwnAuthority } from '../../apps/scheduler/src/tls/own-authority.js';
import { describeWithParts } from '../support/parts.js';
import { at, nextRows, RedisServer } from '../support/redis.js';
import { sparePort } from '../support/spare-port.js';

describeWithParts('a Redis over TLS', ['redis-server'], () => {
  let folder: string;
  let [ca, otherCa] = ['', ''];
  let server: RedisServer;
  let sentinel: RedisServer;
  let [tlsPort, sentinelPort] = [0, 0];
  let opened: OpenRedis[] = [];

  const authority = async (name: string): Promise<OwnAuthority> =>
    OwnAuthority.open(join(folder, name), name, Date.now());

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-redis-tls-'));
    const own = await authority('own');
    [ca, otherCa] = [
      await readFile(own.path, 'utf8'),
      await readFile((await authority('other')).path, 'utf8'),
    ];
    const { cert, key } = await own.sign(['127.0.0.1'], Date.now());
    await writeFile(join(folder, 'redis.crt'), cert);
    await writeFile(join(folder, 'redis.key'), key);
    const tlsOn = (port: number): string[] => [
      `tls-port ${port}`,
      `tls-cert-file ${join(folder, 'redis.crt')}`,
      `tls-key-file ${join(folder, 'redis.key')}`,
      `tls-ca-cert-file ${own.path}`,
      'tls-auth-clients no',
    ];
    [tlsPort, sentinelPort] = [await sparePort(), await sparePort()];
    server = await RedisServer.start({ settings: tlsOn(tlsPort) });
    const watch = ['tls-replication yes', `sentinel monitor berth 127.0.0.1 ${tlsPort} 1`];
    sentinel = await RedisServer.start({ isSentinel: true, settings: [...tlsOn(sentinelPort), ...watch] });
  });

  afterEach(async () => {
    await Promise.all(opened.map((redis) => redis.close()));
    opened = [];
  });

  afterAll(async () => {
    await sentinel.remove();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const trusting = (pem: string | null): Partial<RedisOptions> => ({
    tls: { ca: pem, cert: null, key: null },
  });

  const bySentinel = (tls: Partial<RedisOptions>): RedisOptions => ({
    ...at({ port: sentinelPort }, tls),
    place: { kind: 'sentinels', sentinels: [{ host: '127.0.0.1', port: sentinelPort }], name: 'berth' },
  });

  const open = async (redis: RedisOptions): Promise<OpenRedis> => {
    const one = await openRedis({ redis, fleet: 'berth', peer: 'a' });
    opened.push(one);
    return one;
  };

  it.each([
    ['a server', () => at({ port: tlsPort }, trusting(ca))],
    ['the master of Sentinels', () => bySentinel(trusting(ca))],
  ])('keeps rows and the lease as in the clear: %s', async (_, redis) => {
    const { rows } = await nextRows(await open(redis()));
    await rows.write([{ key: 'told/model/m', text: '1' }]);
    expect(await rows.get('told/model/m')).toBe('1');
    await rows.close();
  });

  const refusal = async (redis: RedisOptions): Promise<unknown> => {
    const error: unknown = await open(redis).catch((why: unknown) => why);
    expect(error).toBeInstanceOf(StoreUnusable);
    return error;
  };

  it.each([
    ['a server', () => at({ port: tlsPort }, trusting(otherCa))],
    ['a server, by the authorities that Node knows', () => at({ port: tlsPort }, trusting(null))],
    ['Sentinels', () => bySentinel(trusting(otherCa))],
  ])('is refused at the start where its certificate is not trusted: %s', async (_, redis) => {
    expect(await refusal(redis())).toMatchObject({
      reason: 'wrong_tls',
      message: expect.stringMatching(/^redis\.tls\.ca: Redis .* shows a certificate that is not trusted: /),
    });
  });

  it('is refused at the start where its own certificate or key cannot be read', async () => {
    const broken = (what: string): string => `-----BEGIN ${what}-----\nbroken\n-----END ${what}-----\n`;
    const tls = { ca, cert: broken('CERTIFICATE'), key: broken('PRIVATE KEY') };
    expect(await refusal(at({ port: tlsPort }, { tls }))).toMatchObject({
      reason: 'wrong_tls',
      message: expect.stringMatching(/^redis\.tls: cannot be used: /),
    });
  });

  it('is refused at the start where it is used in the clear', async () => {
    expect(await refusal(at({ port: tlsPort }))).toMatchObject({
      reason: 'wrong_tls',
      message: `redis.url: must be rediss://, since Redis at 127.0.0.1:${tlsPort}, database 0 serves TLS`,
    });
    expect(await refusal(bySentinel({}))).toMatchObject({
      reason: 'wrong_tls',
      message: expect.stringMatching(/^redis\.tls: is required, since Redis "berth" of the Sentinels/),
    });
  });
});
