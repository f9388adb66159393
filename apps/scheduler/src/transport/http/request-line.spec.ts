import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ended, listening } from '../../../../../test/support/http-server.js';
import { until } from '../../../../../test/support/until.js';
import { RequestLine } from './request-line.js';

let server: Server;
let begun: { readonly url: string; readonly response: ServerResponse }[];
let sockets: Socket[];

beforeEach(async () => {
  [begun, sockets] = [[], []];
  const line = new RequestLine();
  server = createServer((request, response) =>
    line.enter(request, response, () => begun.push({ url: request.url!, response })),
  );
  await listening(server);
});

afterEach(() => ended(server, sockets));

const asked = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const urls = (): string[] => begun.map(({ url }) => url);

function sending(text: string): Socket & { readonly text: () => string } {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let got = '';
  socket.on('data', (chunk: Buffer) => (got += chunk.toString()));
  socket.on('error', () => undefined);
  socket.write(text);
  sockets.push(socket);
  return Object.assign(socket, { text: () => got });
}

describe('requests of one connection', () => {
  it('are served one at a time, in their order', async () => {
    const socket = sending(['/1', '/2', '/3'].map((path) => asked(path)).join(''));
    for (const [nth, path] of ['/1', '/2', '/3'].entries()) {
      await until(() => begun.length > nth);
      expect(urls()[nth]).toBe(path);
      expect(begun).toHaveLength(nth + 1);
      begun[nth]!.response.end(`to ${path}`);
    }
    await until(() => socket.text().includes('to /3'));
    expect(socket.text().match(/to \/\d/g)).toEqual(['to /1', 'to /2', 'to /3']);
  });

  it('wait for none of another connection', async () => {
    sending(asked('/1') + asked('/2'));
    await until(() => begun.length === 1);
    sending(asked('/other'));
    await until(() => begun.length === 2);
    expect(urls()).toEqual(['/1', '/other']);
  });

  it('are not begun once the connection has closed', async () => {
    const socket = sending(asked('/1') + asked('/2'));
    await until(() => begun.length === 1);
    const closed = once(begun[0]!.response, 'close');
    socket.destroy();
    await closed;
    await new Promise((done) => setImmediate(() => setImmediate(done)));
    expect(urls()).toEqual(['/1']);
  });

  it('close it where too many of them wait', async () => {
    const socket = sending(asked('/1') + asked('/2').repeat(65));
    await once(socket, 'close');
    expect(urls()).toEqual(['/1']);
  });

  it.each(['Transfer-Encoding: chunked\r\n', 'Content-Length: 16384\r\n'])(
    'close it where one of them waits with %j',
    async (header) => {
      const socket = sending(asked('/1') + asked('/2', header));
      await once(socket, 'close');
      expect(urls()).toEqual(['/1']);
    },
  );

  it.each([
    { most: 'requests', header: '', connections: 70, of: 64 },
    { most: 'bytes', header: `A: ${'a'.repeat(15_000)}\r\n`, connections: 40, of: 32 },
    { most: 'headers', header: 'A:b\r\n'.repeat(900), connections: 40, of: 32 },
    {
      most: 'bodies',
      header: 'Content-Length: 16000\r\n',
      body: 'a'.repeat(16_000),
      connections: 40,
      of: 32,
    },
  ])(
    'close it where too many $most wait on all connections',
    async ({ header, body = '', connections, of }) => {
      let closed = 0;
      for (let nth = 0; nth < connections; nth += 1) {
        sending(asked('/1') + `${asked('/2', header)}${body}`.repeat(of)).once('close', () => (closed += 1));
      }
      await until(() => closed > 0);
      const open = sockets.filter(({ destroyed }) => !destroyed);
      for (const socket of open) socket.destroy();
      await until(() => closed === connections);
      // What waited on them is not counted any longer.
      const other = sending(asked('/other') + asked('/last', header) + body);
      const begins = (path: string) => until(() => begun.find(({ url }) => url === path));
      (await begins('/other')).response.end();
      await begins('/last');
      expect(other.destroyed).toBe(false);
    },
  );
});
