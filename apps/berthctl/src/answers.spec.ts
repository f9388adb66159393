import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { berthctl, type CommandEnd } from '../../../test/support/berthctl.js';

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: tea\r\n\r\n';

/** Servers that are not Berth, or mean harm. */
describe('an answer', () => {
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** Runs a command line against a server that answers as told. */
  async function against(answer: RequestListener, line: string, env = {}): Promise<CommandEnd> {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return berthctl([...line.split(' '), '--url', url], env);
  }

  const saying =
    (status: number, body: unknown, headers = {}): RequestListener =>
    (_, reply) => {
      reply.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    };

  it.each([
    ['no JSON', saying(200, '<html>hello</html>'), 'is no answer of Berth'],
    ['another JSON', saying(200, { hello: 'there' }), 'is no answer of Berth'],
    ['nothing', saying(204, ''), 'is no answer of Berth'],
    ['a list of what is none', saying(200, { items: [{ name: 1 }], nextPageToken: '' }), '(items.0.name: '],
    ['a page of a proxy', saying(502, 'Bad gateway'), 'answers 502, and not in the words of Berth'],
    ['a redirect', saying(302, '', { location: 'http://127.0.0.1:1/' }), 'which is not followed'],
    ['a demand to sign in', saying(401, ''), 'A key is given by --key-file or in BERTH_KEY'],
  ])('that is %s is told to be none of Berth', async (_, answer, words) => {
    const { status, out, err } = await against(answer, 'get models');
    expect([status, out]).toEqual([1, '']);
    expect(err).toContain(words);
  });

  it('from a newer Berth may say more, and is handed on as it came', async () => {
    const fleet = {
      ...{ fleet: 'f', leader: { id: 'l', term: '1' }, frozen: null, devices: [], hosts: [], replicas: {} },
      ...{ waiting: 0, loadsInFlight: 0, moons: 2 },
    };
    const { status, out } = await against(saying(200, fleet), 'get fleet -o json');
    expect([status, JSON.parse(out)]).toEqual([0, fleet]);
  });

  it('that is a refusal is told with its reason, every broken rule, how far it is, and a hint', async () => {
    const refusal = {
      ...{
        type: 'urn:berth:problem:loading',
        title: 'On its way',
        status: 503,
        detail: 'more',
        instance: '/',
      },
      ...{ reason: 'loading', phase: 'placed', etaMs: 1_900, position: 2, retryAfterMs: 3_000 },
      errors: [
        { path: 'a.b', rule: 'must be c' },
        { path: '', rule: 'must be' },
      ],
    };
    const { status, out, err } = await against(saying(503, refusal), 'resolve m');
    expect([status, out]).toEqual([1, '']);
    expect(err.split('\n')).toEqual([
      'berthctl: loading: On its way',
      '  a.b: must be c',
      '  must be',
      '  it is placed, ready in about 1.9 s, 2 waiting before this one',
      '  try again in 3 s',
      '',
    ]);
    const forPrograms = await against(saying(503, refusal), 'resolve m -o json');
    expect([forPrograms.status, JSON.parse(forPrograms.out)]).toEqual([1, refusal]);
  });

  it('never steers the terminal', async () => {
    const evil = '\u001b]0;owned\u0007\r\n\u009b2Jberthctl: all is well';
    const problem = { type: evil, title: evil, status: 409, detail: evil, instance: evil, reason: evil };
    for (const line of ['get models', 'get models -o json']) {
      const { out, err } = await against(
        saying(409, { ...problem, errors: [{ path: evil, rule: evil }] }),
        line,
      );
      // eslint-disable-next-line no-control-regex -- they are what must not be there
      expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      expect(err.split('\n')).toHaveLength(3);
    }
  });

  it('that never ends is read no further than is bearable', async () => {
    const chunk = 'x'.repeat(2 ** 20);
    const endless: RequestListener = (_, reply) => {
      const more = (): void => {
        while (!reply.destroyed && reply.write(chunk));
      };
      reply.on('drain', more);
      more();
    };
    const { status, err } = await against(endless, 'get fleet');
    expect([status, err]).toEqual([1, 'berthctl: the answer is longer than the 64 MiB that are read\n']);
  });

  it('of pages without an end is left', async () => {
    let pages = 0;
    const endless: RequestListener = (request, reply) => {
      pages += 1;
      reply.end(JSON.stringify({ items: [], nextPageToken: `after-${pages}` }));
      expect(request.url).toContain(pages === 1 ? 'pageSize=500' : `pageToken=after-${pages - 1}`);
    };
    const { status, err } = await against(endless, 'get models --label a=b&c');
    expect(status).toBe(1);
    expect(err).toContain('the list has more than 100 pages');
    expect(pages).toBe(100);
  });

  it('that is nested without an end is no answer', async () => {
    const { status } = await against(
      saying(200, `${'['.repeat(200_000)}${']'.repeat(200_000)}`),
      'get fleet',
    );
    expect(status).toBe(1);
  });

  it('that is a refusal nested without an end is told in a few words', async () => {
    const known = '"type":"t","title":"t","status":409,"detail":"d","instance":"/","reason":"r"';
    const deep = `{${known},"more":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const { status, err } = await against(saying(409, deep), 'get fleet -o json');
    expect([status, err]).toEqual([1, 'berthctl: the answer is nested too deeply to be shown\n']);
  });

  it.each<[string, RequestListener, string, RegExp]>([
    ['does not come', () => undefined, '50', /no answer within 50 ms/],
    ['stops half way', (_, reply) => reply.write('{'), '50', /no answer within 50 ms/],
    ['is cut off', (_, reply) => reply.socket?.destroy(), '240000', /closed without an answer/],
    ['changes the protocol', (_, reply) => reply.socket?.end(SWITCHING), '240000', /without an answer/],
    ['is no HTTP', (_, reply) => reply.socket?.end('hello'), '240000', /does not speak HTTP/],
  ])('that %s is not waited for', async (_, answer, patience, words) => {
    const { status, err } = await against(answer, `get fleet --timeout-ms ${patience}`);
    expect(status).toBe(1);
    expect(err).toMatch(words);
  });

  it('is waited for, however long that may be', async () => {
    const line = 'resolve m --wait-ms 4294967295 --timeout-ms 4294967295';
    const late: RequestListener = (_, reply) => void setTimeout(() => reply.writeHead(503).end(), 50);
    expect((await against(late, line)).err).toContain('answers 503');
  });

  it('is asked for with the token, which goes nowhere else', async () => {
    let seen: string | undefined;
    const echo: RequestListener = (request, reply) => {
      seen = request.headers.authorization;
      reply.writeHead(403).end();
    };
    const { out, err } = await against(echo, 'get fleet', { BERTH_TOKEN: 's3cret' });
    expect(seen).toBe('Bearer s3cret');
    expect(out + err).not.toContain('s3cret');
  });

  it('is asked for by names and filters that are encoded', async () => {
    const urls: (string | undefined)[] = [];
    const note: RequestListener = (request, reply) => {
      urls.push(request.url);
      reply.writeHead(503).end();
    };
    await against(note, 'get models --label a&state=b --state ready#');
    await against(note, 'load m --wait-ms 5');
    expect(urls).toEqual([
      '/v1/models?state=ready%23&label=a%26state%3Db&pageSize=500',
      '/v1/models/m/load?waitMs=5',
    ]);
  });
});
