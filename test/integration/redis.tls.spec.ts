import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { StoreUnusable } from '#store';
import { type OpenRedis, openRedis, type OpenRedisOptions, type RedisOptions } from '#store-redis';
import { OwnAuthority } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { describeWithParts } from '../support/parts.js';
import { at, nextRows, RedisServer } from '../support/redis.js';
import { sparePort } from '../support/spare-port.js';

/** The first byte of what opens TLS. */
const HANDSHAKE = 0x16;

describeWithParts('a Redis over TLS', ['redis-server'], () => {
  let folder: string;
  let [ca, otherCa] = ['', ''];
  let server: RedisServer;
  /** Its certificate is of the other authority. */
  let stranger: RedisServer;
  let sentinel: RedisServer;
  let [tlsPort, strangerPort, sentinelPort] = [0, 0, 0];
  let opened: OpenRedis[] = [];
  let speakers: Server[] = [];
  let sockets: Socket[] = [];

  const authority = async (name: string): Promise<OwnAuthority> =>
    OwnAuthority.open(join(folder, name), name, Date.now());

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-redis-tls-'));
    const [own, other] = [await authority('own'), await authority('other')];
    [ca, otherCa] = [await readFile(own.path, 'utf8'), await readFile(other.path, 'utf8')];
    for (const [name, one] of [
      ['redis', own],
      ['stranger', other],
    ] as const) {
      const { cert, key } = await one.sign(['127.0.0.1'], Date.now());
      await writeFile(join(folder, `${name}.crt`), cert);
      await writeFile(join(folder, `${name}.key`), key);
    }
    const tlsOn = (port: number, name = 'redis'): string[] => [
      `tls-port ${port}`,
      `tls-cert-file ${join(folder, `${name}.crt`)}`,
      `tls-key-file ${join(folder, `${name}.key`)}`,
      `tls-ca-cert-file ${own.path}`,
      'tls-auth-clients no',
    ];
    [tlsPort, strangerPort, sentinelPort] = [await sparePort(), await sparePort(), await sparePort()];
    server = await RedisServer.start({ settings: tlsOn(tlsPort) });
    stranger = await RedisServer.start({ settings: tlsOn(strangerPort, 'stranger') });
    const masters = Object.entries({ berth: tlsPort, stranger: strangerPort, plain: server.port });
    const watch = masters.map(([name, port]) => `sentinel monitor ${name} 127.0.0.1 ${port} 1`);
    sentinel = await RedisServer.start({
      isSentinel: true,
      settings: [...tlsOn(sentinelPort), 'tls-replication yes', ...watch],
    });
  });

  afterEach(async () => {
    await Promise.all(opened.map((redis) => redis.close()));
    opened = [];
    for (const socket of sockets) socket.destroy();
    for (const one of speakers) one.close();
    [sockets, speakers] = [[], []];
  });

  afterAll(async () => {
    await sentinel.remove();
    await stranger.remove();
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const trusting = (pem: string | null): Partial<RedisOptions> => ({
    tls: { ca: pem, cert: null, key: null },
  });

  const bySentinel = (
    tls: Partial<RedisOptions>,
    name = 'berth',
    port: number = sentinelPort,
  ): RedisOptions => ({
    ...at({ port }, tls),
    place: { kind: 'sentinels', sentinels: [{ host: '127.0.0.1', port }], name },
  });

  const open = async (redis: RedisOptions, more: Partial<OpenRedisOptions> = {}): Promise<OpenRedis> => {
    const one = await openRedis({ redis, fleet: 'berth', peer: 'a', ...more });
    opened.push(one);
    return one;
  };

  /** A server that leaves TLS without an answer, and says this to what comes in the clear. Returns its port. */
  const speaking = async (answer: string | null): Promise<number> => {
    const speaker = createServer((socket) => {
      sockets.push(socket);
      socket.on('data', ([first]) => {
        if (first !== HANDSHAKE && answer !== null) socket.write(`${answer}\r\n`);
      });
    }).listen(0, '127.0.0.1');
    speakers.push(speaker);
    await once(speaker, 'listening');
    return (speaker.address() as AddressInfo).port;
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
    ['the master of Sentinels that are trusted', () => bySentinel(trusting(ca), 'stranger')],
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
    for (const port of [sentinelPort, sentinel.port])
      expect(await refusal(bySentinel({}, 'berth', port))).toMatchObject({
        reason: 'wrong_tls',
        message: expect.stringMatching(/^redis\.tls: is required, since Redis "berth" of the Sentinels/),
      });
  });

  it('is refused at the start where TLS is wanted and not spoken', async () => {
    expect(await refusal(at({ port: server.port }, trusting(ca)))).toMatchObject({
      reason: 'wrong_tls',
      message: `redis.url: must be redis://, since Redis at 127.0.0.1:${server.port}, database 0 serves no TLS`,
    });
    for (const redis of [bySentinel(trusting(ca), 'berth', sentinel.port), bySentinel(trusting(ca), 'plain')])
      expect(await refusal(redis)).toMatchObject({
        reason: 'wrong_tls',
        message: expect.stringMatching(
          /^redis\.tls: must not be given, since Redis ".*, at 127\.0\.0\.1:\d+, serves no TLS$/,
        ),
      });
  });

  it.each(['+PONG', '-NOAUTH Authentication required.', '-LOADING Redis is loading the dataset in memory'])(
    'is refused at the start where TLS is wanted, and the clear answers as Redis does: %s',
    async (answer) => {
      const port = await speaking(answer);
      expect(await refusal(at({ port }, trusting(ca)))).toMatchObject({
        reason: 'wrong_tls',
        message: `redis.url: must be redis://, since Redis at 127.0.0.1:${port}, database 0 serves no TLS`,
      });
    },
  );

  it.each([
    ['nothing is served yet', () => sparePort()],
    ['nothing is answered', () => speaking(null)],
    ['the clear answers as no Redis does', () => speaking('HTTP/1.1 400 Bad Request')],
  ])('is waited for where %s', async (_, portOf) => {
    const giveUp = new AbortController();
    const onWaiting = (text: string): void => giveUp.abort(text);
    const redis = at({ port: await portOf() }, trusting(ca));
    const waiting = open(redis, { onWaiting, signal: giveUp.signal });
    await expect(waiting).rejects.toMatchObject({ cause: expect.stringContaining('It is tried again') });
  });
});
