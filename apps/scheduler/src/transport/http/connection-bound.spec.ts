import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectSecure } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ended, listening } from '../../../../../test/support/http-server.js';
import { PATIENCE_MS, until } from '../../../../../test/support/until.js';
import { OwnAuthority, type Pair } from '../tls/own-authority.js';
import { noteSignedIn } from '../limits/socket-bound.js';
import { boundConnections } from './connection-bound.js';

const MOST = 4;
/** More than the system keeps of an answer that is not read. */
const LONG = Buffer.alloc(64 * 2 ** 20);

let server: Server;
let waiting: ServerResponse[];
let sockets: Socket[];
let refused: number;

let isSecure: boolean;
let pair: Pair & { readonly ca: string };

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-bound-'));
  const authority = await OwnAuthority.open(folder, 'berth', Date.now());
  pair = {
    ...(await authority.sign(['localhost'], Date.now())),
    ca: await readFile(authority.path, 'utf8'),
  };
  await rm(folder, { recursive: true });
});

/** A server in the clear or over TLS, bounded. */
async function begin(secure: boolean): Promise<void> {
  [waiting, sockets, refused, isSecure] = [[], [], 0, secure];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url !== '/stranger') noteSignedIn(request.socket);
    if (request.url === '/stranger') return;
    if (request.url === '/waits') waiting.push(response);
    else response.end(request.url === '/long' ? LONG : 'at once');
  };
  server = secure ? (createSecure(pair, answer) as Server) : createServer(answer);
  await bounded(PATIENCE_MS);
}

afterEach(() => ended(server, sockets));

/** Listens; an answer of which nothing is taken for so long closes its connection. */
async function bounded(untakenMs: number): Promise<void> {
  boundConnections(server, MOST, () => (refused += 1), { untakenMs, lookMs: 10 });
  await listening(server);
}

/** A connection on which this is sent. */
function sending(text: string): Socket {
  const to = { port: (server.address() as AddressInfo).port, host: '127.0.0.1' };
  const { ca } = pair;
  const socket = isSecure ? connectSecure({ ...to, servername: 'localhost', ca }) : connect(to);
  socket.on('error', () => undefined);
  socket.write(text);
  sockets.push(socket);
  return socket;
}

const asking = (path: string): Socket => sending(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);

/** Whether something is answered on it, and it is not closed instead. */
const isAnswered = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve(false));
    socket.once('data', () => resolve(true));
  });

const isClosed = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('close', resolve));

/** Requests, each of which waits for its answer. */
async function allWaiting(count: number): Promise<Socket[]> {
  const busy = Array.from({ length: count }, () => asking('/waits'));
  await until(async () => waiting.length === count);
  return busy;
}

describe.each([
  ['in the clear', false],
  ['over TLS', true],
])('connections over HTTP %s', (_, secure) => {
  beforeEach(() => begin(secure));

  it('are as many as there may be while all have a request, and those refused are counted', async () => {
    await allWaiting(MOST);
    expect(await isAnswered(asking('/'))).toBe(false);
    expect(refused).toBe(1);
    expect(waiting.every(({ socket }) => socket !== null && !socket.destroyed)).toBe(true);
  });

  it('give way when they have had their answers', async () => {
    for (let tries = 0; tries < 2 * MOST; tries += 1) expect(await isAnswered(asking('/'))).toBe(true);
    expect(refused).toBe(0);
  });

  it.each(['', 'GET / HTTP/1.1\r\n', 'GET /stranger HTTP/1.1\r\nHost: localhost\r\n\r\n'])(
    'give way, the first one first, that have sent %j, before one that has signed in',
    async (text) => {
      const member = asking('/');
      await isAnswered(member);
      const burst = Array.from({ length: 5 * MOST }, () => sending(text));
      await until(() => burst.filter((socket) => socket.destroyed).length === 4 * MOST + 1);
      expect(await isAnswered(asking('/'))).toBe(true);
      expect([member.destroyed, refused]).toEqual([false, 0]);
    },
  );

  it('stay that wait for an answer, and the last one that had its answer', async () => {
    const [busy] = await allWaiting(1);
    const answered = isAnswered(busy!);
    const old = asking('/');
    const oldGone = isClosed(old);
    await isAnswered(old);
    const young = asking('/');
    await isAnswered(young);
    for (let more = 0; more < 2; more += 1) expect(await isAnswered(asking('/'))).toBe(true);
    await oldGone;
    expect(young.destroyed).toBe(false);
    waiting[0]!.end('at last');
    expect(await answered).toBe(true);
  });

  it('stay while one of several requests on them is not answered', async () => {
    const socket = sending(
      ['/', '/waits'].map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''),
    );
    await until(async () => waiting.length === 1);
    for (let tries = 0; tries < 2 * MOST; tries += 1) expect(await isAnswered(asking('/'))).toBe(true);
    expect(socket.destroyed).toBe(false);
  });

  /** A connection on which this is asked for, as the server has it. */
  async function accepted(path: string): Promise<{ readonly client: Socket; readonly socket: Socket }> {
    const connected = once(server, isSecure ? 'secureConnection' : 'connection') as Promise<[Socket]>;
    const client = asking(path);
    const [socket] = await connected;
    return { client, socket };
  }

  it('are closed whose answer is not read, and stay where a request waits for its answer', async () => {
    await ended(server, []);
    await bounded(100);
    const waits = await accepted('/waits');
    const { client, socket } = await accepted('/long');
    client.pause();
    await once(socket, 'close');
    expect(waits.socket.destroyed).toBe(false);
    expect(waits.socket.timeout ?? 0).toBe(0);
  });

  it('stay whose answer is read late', async () => {
    const { client, socket } = await accepted('/long');
    client.pause();
    await until(() => socket.timeout === PATIENCE_MS);
    client.resume();
    await until(() => client.bytesRead > LONG.length);
    client.write('GET /waits HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => waiting.length === 1);
    await until(() => (socket.timeout ?? 0) === 0);
    expect(socket.destroyed).toBe(false);
  });
});

describe('connections to a port of TLS', () => {
  beforeEach(() => begin(true));

  it('give way that have not agreed on their encryption', async () => {
    for (let tries = 0; tries < 2 * MOST; tries += 1) {
      const connected = once(server, 'connection');
      isSecure = false;
      sending('');
      isSecure = true;
      await connected;
    }
    expect(await isAnswered(asking('/'))).toBe(true);
    expect(refused).toBe(0);
  });
});
