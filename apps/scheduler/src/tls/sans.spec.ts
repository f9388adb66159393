import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectHttp2, createSecureServer, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ClientAuthority, clientAuthority } from '../../../../test/support/client-certificates.js';
import { OwnAuthority, type Pair } from './own-authority.js';
import { sansOf } from './sans.js';

const SPIFFE = 'spiffe://cluster/ns/keda/sa/keda-operator';

describe('the names that a client has shown', () => {
  let folder: string;
  let ours: Pair;
  let trust: string;
  let clients: ClientAuthority;
  let server: Server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-sans-'));
    const authority = await OwnAuthority.open(folder, 'berth', Date.now());
    [ours, trust] = [await authority.sign(['localhost'], Date.now()), await readFile(authority.path, 'utf8')];
    clients = await clientAuthority('clients');
    server = createServer({ ...ours, ...asking(clients) }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const asking = ({ ca }: ClientAuthority) => ({ ca, requestCert: true, rejectUnauthorized: false });

  /** What is said of a connection on which the client shows this. */
  async function shown(pair: Partial<Pair>): Promise<readonly string[]> {
    const { port } = server.address() as AddressInfo;
    const client = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: trust, ...pair });
    const [socket] = (await once(server, 'secureConnection')) as [TLSSocket];
    try {
      const names = sansOf(socket);
      expect(sansOf(socket)).toBe(names);
      return names;
    } finally {
      client.destroy();
    }
  }

  it('are those of its certificate, with their kinds', async () => {
    const pair = await clients.sign(
      { type: 'url', value: SPIFFE },
      { type: 'dns', value: 'keda.example' },
      { type: 'ip', value: '192.0.2.1' },
      { type: 'email', value: 'a@b.example' },
    );
    expect(await shown(pair)).toEqual([`URI:${SPIFFE}`, 'DNS:keda.example']);
  });

  it('are one name where it looks like several', async () => {
    const pair = await clients.sign({ type: 'url', value: `http://a/, URI:${SPIFFE}` });
    expect(await shown(pair)).toEqual([`URI:http://a/, URI:${SPIFFE}`]);
  });

  it('are none without a certificate, or with one of another authority', async () => {
    expect(await shown({})).toEqual([]);
    const other = await clientAuthority('clients');
    expect(await shown(await other.sign({ type: 'url', value: SPIFFE }))).toEqual([]);
  });

  it('are none in the clear', () => {
    expect(sansOf(new Socket())).toEqual([]);
  });

  it('are told of a session of HTTP/2 too', async () => {
    const over2 = createSecureServer({ ...ours, ...asking(clients) }).listen(0, '127.0.0.1');
    await once(over2, 'listening');
    const { port } = over2.address() as AddressInfo;
    const pair = await clients.sign({ type: 'url', value: SPIFFE });
    const own = { port, host: '127.0.0.1', servername: 'localhost', ca: trust, ALPNProtocols: ['h2'] };
    const createConnection = (): TLSSocket => connect({ ...own, ...pair });
    const client = connectHttp2('https://localhost', { createConnection });
    const [session] = (await once(over2, 'session')) as [ServerHttp2Session];
    expect(sansOf(session)).toEqual([`URI:${SPIFFE}`]);
    client.destroy();
    over2.close();
  });
});
