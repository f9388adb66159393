import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PATIENCE_MS } from '../../../../../tools/patience.mjs';
import { Receiver } from '../../../../../test/support/receiver.js';
import type { WebhookResponse } from './webhook-client.js';
import { HttpWebhookClient } from './http-webhook-client.js';

const LETTER = { headers: { 'content-type': 'application/json' }, body: '{"type":"webhook.test"}' };

describe('a client over HTTP', () => {
  const client = new HttpWebhookClient();
  let receiver: Receiver;

  beforeEach(async () => {
    receiver = await new Receiver().open();
  });

  afterEach(() => receiver.close());

  const post = (url: string, allowPrivate = true, patience = PATIENCE_MS): Promise<WebhookResponse> =>
    client.post(LETTER, { url, allowPrivate }, patience, new AbortController().signal);

  it('posts a letter as it is, and tells the status and Retry-After', async () => {
    receiver.answer = () => ({ status: 503, headers: { 'retry-after': '7' } });
    expect(await post(`${receiver.url}/a?b=c`)).toEqual({ status: 503, retryAfter: '7' });
    expect(receiver.received).toMatchObject([{ path: '/a?b=c', text: LETTER.body, headers: LETTER.headers }]);
  });

  it('follows no redirect', async () => {
    receiver.answer = () => ({ status: 307, headers: { location: `${receiver.url}/elsewhere` } });
    expect(await post(receiver.url)).toMatchObject({ status: 307 });
    expect(receiver.received).toHaveLength(1);
  });

  it('gives up where no answer comes in time', async () => {
    receiver.answer = () => null;
    expect(await post(receiver.url, true, 1)).toEqual({ failure: 'timed_out' });
  });

  it('stops when it is told to', async () => {
    receiver.answer = () => null;
    const stop = new AbortController();
    const posted = client.post(LETTER, { url: receiver.url, allowPrivate: true }, PATIENCE_MS, stop.signal);
    stop.abort();
    expect(await posted).toEqual({ failure: 'stopped' });
  });

  it('says that an endpoint is unreachable where no process listens, or none that speaks HTTP', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.end('no HTTP\r\n\r\n'))).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ failure: 'unreachable' });
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ failure: 'unreachable' });
    expect(await post(`https://127.0.0.1:${port}/`)).toEqual({ failure: 'unreachable' });
  });

  it('counts an answer that takes up another protocol as none', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: any\r\n\r\n'),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ failure: 'unreachable' });
    server.close();
    await once(server, 'close');
  });

  it('reads no more of an answer than its head', async () => {
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('close', () => server.close(() => resolve()));
        const more = (): void => {
          sent += 1;
          if (!socket.destroyed) socket.write('x'.repeat(65_536), more);
        };
        socket.once('data', () =>
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n', more),
        );
      }).listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number };
        void post(`http://127.0.0.1:${port}/`).then((posted) =>
          expect(posted).toMatchObject({ status: 200 }),
        );
      });
    });
    await closed;
    expect(sent).toBeLessThan(1_000);
  });

  it.each([
    ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', 'localhost', '[::1]', '[::]'],
    ...['0.0.0.0', '10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '224.0.0.1'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[fe80::1]', '[fd00:ec2::254]', '[64:ff9b::7f00:1]'],
    '[2002:7f00:1::]',
  ])('sends nothing to the private address %s unless that is allowed', async (host) => {
    const { port } = new URL(receiver.url);
    expect(await post(`http://${host}:${port}/`, false)).toEqual({ failure: 'blocked' });
    expect(receiver.received).toEqual([]);
  });

  it.each([
    ...['169.254.169.254', '169.254.170.2', '[::ffff:169.254.169.254]', '[fd00:ec2::254]'],
    ...['[fd20:ce::254]', '100.100.100.200', '168.63.129.16', '2852039166'],
  ])('never sends anything to %s, where clouds tell secrets', async (host) => {
    expect(await post(`http://${host}/`)).toEqual({ failure: 'blocked' });
    expect(await post(`http://${host}/`, false)).toEqual({ failure: 'blocked' });
  });
});
